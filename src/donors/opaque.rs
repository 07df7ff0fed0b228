//! The sizes of blobs of layers whose type is not known, as donors have them.

use std::collections::BTreeMap;

use super::names::LayerNames;
use super::{Donor, MatchOptions};
use crate::Shape;
use crate::dialect::Dialect;
use crate::net::{NetLayer, describe};
use crate::plan::PlanOptions;

/// Gives the blobs of layers whose type is not known the shapes that donors have for them, where `plan` gives none, and
/// says so in a line for each layer. [`apply`](super::apply) then takes their values.
///
/// Donors are looked at as there: a layer of a donor is one of the net by its name, renamed or not, if the selection
/// has it, and later donors win. Those of another framework tell nothing, as only a layer's type says what its arrays
/// are.
///
/// ```
/// use std::collections::BTreeMap;
///
/// use caffemodel::donors::{self, Donor, MatchOptions};
/// use caffemodel::formats::{StoredBlob, StoredLayer, StoredNet};
/// use caffemodel::{Definition, Net, Plan, PlanOptions, Shape, StateOptions};
///
/// let text = r#"
///     layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 4 } } }
///     layer { name: "glow" type: "Glow" bottom: "data" top: "glow" }"#;
/// let net = Net::resolve(Definition::from_bytes("net.prototxt", text)?, &StateOptions::default())?;
/// let scales = StoredBlob::new(0, Shape::new([4])?, vec![1.0; 4]);
/// let donor = Donor::new("glow.npz", StoredNet::new(vec![StoredLayer::new("glow", vec![scales])]));
///
/// let mut options = PlanOptions::default();
/// let told = donors::opaque_shapes(&net.layers, net.dialect, &mut options, &[donor], &MatchOptions::default());
/// assert_eq!(told, ["layer \"glow\" (Glow): its blob gets the shape that it has in glow.npz: (4)"]);
/// assert_eq!(Plan::new(net, &options)?.layers[1].blobs.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn opaque_shapes(
    layers: &[NetLayer],
    dialect: &'static Dialect,
    plan: &mut PlanOptions,
    donors: &[Donor],
    options: &MatchOptions,
) -> Vec<String> {
    let known = plan.layers.of(dialect).into_owned();
    let is_opaque = |layer: &&NetLayer| {
        let inputs = layer.origin.is_some_and(|origin| origin.is_net_inputs());
        !inputs && known.get(layer.param.r#type()).is_none() && options.selection.contains(layer.param.name())
    };
    let mut opaque: BTreeMap<&str, OpaqueShapes<'_>> = BTreeMap::new();
    for layer in layers.iter().filter(is_opaque) {
        opaque.entry(layer.param.name()).or_insert_with(|| OpaqueShapes { layer, told: None });
    }
    let mut names = LayerNames::new(&options.renames);
    for donor in donors.iter().filter(|donor| donor.framework.is_none()) {
        for stored in donor.net.layers.iter().filter(|stored| !stored.blobs.is_empty() && stored.flaw.is_none()) {
            for name in names.of(donor.called.as_deref(), &stored.name) {
                if let Some(own) = opaque.get_mut(name.as_str()) {
                    own.told =
                        Some((donor, stored.blobs.iter().map(|blob| (blob.index, blob.shape.clone())).collect()));
                }
            }
        }
    }
    layers.iter().filter_map(|layer| opaque.remove(layer.param.name())?.enter(plan)).collect()
}

/// A layer whose type is not known, and what the last donor with blobs for it says of them.
struct OpaqueShapes<'a> {
    layer: &'a NetLayer,
    told: Option<(&'a Donor, Vec<(usize, Shape)>)>,
}

impl OpaqueShapes<'_> {
    /// Enters the shapes that are not given otherwise, and says so.
    fn enter(self, plan: &mut PlanOptions) -> Option<String> {
        let (donor, shapes) = self.told?;
        let param = &self.layer.param;
        let mut entered = Vec::new();
        for (index, shape) in shapes.into_iter().filter(|(index, _)| *index >= param.blobs.len()) {
            plan.blobs.entry((param.name().to_owned(), index)).or_insert_with(|| {
                entered.push(shape.to_string());
                shape
            });
        }
        let (who, donor) = (describe(param), &donor.name);
        match entered.as_slice() {
            [] => None,
            [shape] => Some(format!("{who}: its blob gets the shape that it has in {donor}: {shape}")),
            shapes => Some(format!("{who}: its blobs get the shapes that they have in {donor}: {}", shapes.join(", "))),
        }
    }
}
