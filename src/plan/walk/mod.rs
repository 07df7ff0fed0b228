//! The walk over the layers that Caffe's `Net::Init` makes: blobs are connected by name, each layer is set up.

mod blobs;
mod shapes;
mod unknown;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;

use self::blobs::Decided;
use self::shapes::help_with_shape;
use self::unknown::UnknownShape;
use super::checks::{
    check_draws, check_elements, check_empty_axes, check_loss_weights, check_net_inputs, check_params,
    check_propagation, check_shapeless, check_taken, check_tops, check_whole_lists,
};
use super::draws::UpcomingDraws;
use super::extensions;
use super::opaque;
use super::rules::Rulebook;
use super::share::Owners;
use super::{BlobId, Plan, PlanOptions, PlannedBlob, PlannedLayer};
use crate::Shape;
use crate::data::Sources;
use crate::dialect::Dialect;
use crate::error::{AtField, Diagnostic, Error, Refusal, Result};
use crate::layer::{LayerType, Lock, OpaqueLayer, Setup, SetupContext, Shapeless, engine, setup_without_shapes};
use crate::net::{Locator, Net, NetLayer, NetPlace};
use crate::proto::blob;
use crate::proto::caffe::{BlobProto, LayerParameter, ParamSpec, Phase};
use crate::proto::text::closest;

pub(super) fn plan(net: Net, options: &PlanOptions) -> Result<Plan> {
    let options = &options.of(net.dialect);
    let Net { name, phase, layers, locator, folder, dialect, saved_fields } = net;
    let mut walk = NetWalk {
        options,
        dialect,
        sources: options.folder.as_ref().map_or_else(|| Sources::beside(folder), Sources::in_folder),
        locked: BTreeMap::new(),
        upcoming: options.streams.as_ref().map(UpcomingDraws::new),
        locator: &locator,
        notices: Vec::new(),
        shapes: Vec::new(),
        unknown: HashMap::new(),
        constants: BTreeMap::new(),
        configured_classes: 0,
        ids: HashMap::new(),
        unread: HashSet::new(),
        owners: Owners::default(),
        rulebook: Rulebook::new(options, &layers, dialect.layer_message()),
        planned: Vec::with_capacity(layers.len()),
    };
    walk.check_types(&layers)?;
    for layer in layers {
        let planned = walk.layer(layer)?;
        walk.planned.push(planned);
    }
    walk.check_user_shapes()?;
    let (layers, (changes, idle)) = (walk.planned, walk.rulebook.finish()?);
    let mut notices = walk.notices;
    notices.extend(idle);
    notices.extend(extensions::notice(&layers, dialect.layer_message(), &options.fillers));
    if dialect.traits.unknown_fillers_are_constant {
        notices.extend(extensions::stand_ins(&layers, dialect.layer_message(), &options.fillers));
    }
    let fillers = options.fillers.clone();
    let plan = Plan { name, phase, layers, changes, locator, dialect, saved_fields, notices, fillers };
    check_elements(&plan, options.limits.elements)?;
    Ok(plan)
}

/// Why a layer cannot be planned.
enum LayerFault {
    /// The net is at fault; with the path of the message that the refusal's field is relative to.
    Net(Refusal, &'static str),
    /// A rule of the caller is.
    Rule(Diagnostic),
    /// It needs the shape of a blob that is not known.
    Unknown(Diagnostic),
}

/// The blobs of the net that a layer reads and makes, by number, and the shapes of those that it reads.
struct Connected {
    bottoms: Vec<Shape>,
    bottom_ids: Vec<usize>,
    top_ids: Vec<usize>,
}

fn at_layer(refusal: Refusal) -> LayerFault {
    LayerFault::Net(refusal, "")
}

struct NetWalk<'a> {
    options: &'a PlanOptions,
    dialect: &'static Dialect,
    sources: Sources,
    /// The databases that layers keep open, with the names of these layers.
    locked: BTreeMap<Lock, String>,
    upcoming: Option<UpcomingDraws>,
    locator: &'a Locator,
    notices: Vec<String>,
    /// The shapes of the net's blobs, by number.
    shapes: Vec<Shape>,
    /// Those whose shapes are not known.
    unknown: HashMap<usize, Rc<UnknownShape>>,
    /// Those that hold a constant while the net is built.
    constants: BTreeMap<usize, f32>,
    /// The number of classes in the configuration that a layer has read last.
    configured_classes: i64,
    /// The number of each named blob.
    ids: HashMap<String, usize>,
    /// The blobs that no layer has read yet.
    unread: HashSet<usize>,
    owners: Owners,
    rulebook: Rulebook<'a>,
    planned: Vec<PlannedLayer>,
}

impl<'a> NetWalk<'a> {
    /// Refuses all layers of unknown types at once.
    fn check_types(&self, layers: &[NetLayer]) -> Result<()> {
        let unknown = opaque::unknown_types(layers, self.options, self.dialect);
        let diagnose = |(layer, refusal): (&NetLayer, Refusal)| {
            let place = NetPlace { param: &layer.param, origin: layer.origin, prefix: "" };
            self.locator.diagnose(&place, &refusal)
        };
        let found: Vec<Diagnostic> = unknown.into_iter().map(diagnose).collect();
        if found.is_empty() { self.options.check_opaque(layers) } else { Err(Error::Input(found)) }
    }

    /// Refuses shapes given for tops that the net does not have.
    fn check_user_shapes(&self) -> Result<()> {
        let Some(top) = self.options.shapes.keys().find(|top| !self.ids.contains_key(*top)) else { return Ok(()) };
        let near = closest(top, self.ids.keys().map(String::as_str));
        let near = near.map(|near| format!(" (did you mean {near:?}?)")).unwrap_or_default();
        Err(Error::Request(format!("a shape is given for {top:?}: no layer of the net makes such a blob{near}")))
    }

    fn layer(&mut self, mut layer: NetLayer) -> Result<PlannedLayer, Diagnostic> {
        let given = std::mem::take(&mut layer.param.blobs);
        self.try_layer(&mut layer, given).map_err(|fault| match fault {
            LayerFault::Net(refusal, prefix) => {
                let place = NetPlace { param: &layer.param, origin: layer.origin, prefix };
                self.locator.diagnose(&place, &refusal)
            }
            LayerFault::Rule(diagnostic) | LayerFault::Unknown(diagnostic) => diagnostic,
        })
    }

    /// Sets a layer up and completes its parameters.
    fn try_layer(&mut self, layer: &mut NetLayer, given: Vec<BlobProto>) -> Result<PlannedLayer, LayerFault> {
        let param = &layer.param;
        let (entry, opaque) = self.layer_type(layer).map_err(at_layer)?;
        if self.dialect.traits.reads_fields_of_intel {
            engine::check(entry, param).map_err(at_layer)?;
        }
        check_propagation(param).map_err(at_layer)?;
        let connected = self.connect(entry, param).map_err(at_layer)?;
        let given_shapes =
            given.iter().map(blob::shape).collect::<Result<Vec<_>, _>>().at("blobs").map_err(at_layer)?;
        let user_shapes: Vec<_> = param.top.iter().map(|top| self.options.shapes.get(top).cloned()).collect();
        let follows_draws = (entry.shaped_by_draws)(param) && user_shapes.first().is_none_or(Option::is_none);
        let upcoming = self.upcoming.as_mut().filter(|_| follows_draws);
        let ctx = SetupContext {
            param,
            phase: Phase::try_from(param.phase.unwrap_or_default()).unwrap_or_default(),
            bottoms: &connected.bottoms,
            bottom_ids: &connected.bottom_ids,
            top_ids: &connected.top_ids,
            given: &given_shapes,
            user_shapes: &user_shapes,
            opaque: opaque.as_ref(),
            sources: &self.sources,
            locked: &self.locked,
            generator: upcoming.and_then(|upcoming| upcoming.generator_after(&self.planned)),
            dialect: self.dialect,
            constants: &self.constants,
            configured_classes: self.configured_classes,
            fillers: &self.options.fillers,
        };
        let unknown = connected.bottom_ids.iter().find_map(|id| self.unknown.get(id)).cloned();
        let unknown = unknown.filter(|_| entry.shapeless != Shapeless::LeftToRule);
        let setup = match (&unknown, entry.shapeless) {
            (Some(unknown), Shapeless::PassedOn { loss_weight }) => {
                Ok(setup_without_shapes(&ctx, loss_weight, &unknown.refusal))
            }
            (Some(unknown), _) => return Err(LayerFault::Unknown(unknown.needed_by(param))),
            (None, _) => entry.setup(&ctx),
        };
        let setup = setup.map_err(|refusal| help_with_shape(refusal, &connected, &self.planned, &self.options.shapes));
        let mut setup = setup.map_err(at_layer)?;
        setup.notices.extend(added(entry, self.dialect));
        if self.dialect.traits.blobs_have_length {
            setup.pad_to_five_axes().map_err(at_layer)?;
        } else if self.dialect.traits.legacy_blobs {
            setup.pad_to_four_axes().map_err(at_layer)?;
        }
        check_tops(&setup, connected.top_ids.len()).map_err(at_layer)?;
        check_net_inputs(layer, &setup).map_err(at_layer)?;
        check_shapeless(entry, &setup, given.len()).map_err(at_layer)?;
        check_taken(&ctx, &setup).map_err(at_layer)?;
        if !self.dialect.traits.takes_empty_axes {
            check_empty_axes(&setup).map_err(at_layer)?;
        }
        self.keep_unknown(layer, &connected.top_ids, &setup, unknown);
        self.finish(layer, entry, setup, connected, given)
    }

    /// The entry of a layer, and what the caller says of it where its type is not known.
    fn layer_type(&self, layer: &NetLayer) -> Result<(&'a LayerType, Option<OpaqueLayer>), Refusal> {
        let name = layer.param.r#type();
        if name == "Input" && layer.origin.is_some_and(|origin| origin.is_net_inputs()) {
            return Ok((LayerType::INPUTS, None));
        }
        if let Some(entry) = self.options.layers.get(name) {
            return Ok((entry, None));
        }
        let opaque = self.options.opaque_layer(&layer.param);
        let opaque = opaque.ok_or_else(|| Refusal::at("type", format!("unknown layer type {name:?}")))?;
        Ok((LayerType::OPAQUE, Some(opaque)))
    }

    /// Finds the blobs that a layer reads, and makes room for those that it makes.
    fn connect(&mut self, entry: &LayerType, param: &LayerParameter) -> Result<Connected, Refusal> {
        let bottom_ids = self.connect_bottoms(&param.bottom)?;
        let top_ids = self.connect_tops(entry, &bottom_ids, &param.top)?;
        entry.check_counts(bottom_ids.len(), top_ids.len())?;
        let bottoms = bottom_ids.iter().map(|&id| self.shown(id)).collect();
        Ok(Connected { bottoms, bottom_ids, top_ids })
    }

    /// The shape of a blob as the rules of layers see it: where blobs have a length, one of 1 is left out, as most
    /// layers are those of pictures.
    fn shown(&self, id: usize) -> Shape {
        let shape = &self.shapes[id];
        let picture = match *shape.dims() {
            [items, channels, 1, height, width] if self.dialect.traits.blobs_have_length => {
                Shape::new([items, channels, height, width]).ok()
            }
            _ => None,
        };
        picture.unwrap_or_else(|| shape.clone())
    }

    fn connect_bottoms(&mut self, bottoms: &[String]) -> Result<Vec<usize>, Refusal> {
        let splits = self.dialect.traits.splits_blobs;
        let connect = |blob: &String| {
            let id = self.ids.get(blob).copied().filter(|id| self.unread.remove(id) || !splits);
            id.ok_or_else(|| Refusal::at("bottom", format!("no earlier layer makes the blob {blob:?}")))
        };
        bottoms.iter().map(connect).collect()
    }

    fn connect_tops(
        &mut self,
        entry: &LayerType,
        bottom_ids: &[usize],
        tops: &[String],
    ) -> Result<Vec<usize>, Refusal> {
        let mut top_ids = Vec::with_capacity(tops.len());
        for (position, blob) in tops.iter().enumerate() {
            let known = self.ids.get(blob).copied();
            let in_place = known.filter(|id| bottom_ids.get(position) == Some(id));
            if known.is_some() && in_place.is_none() {
                return Err(Refusal::at("top", format!("the blob {blob:?} is already made by an earlier layer"))
                    .help("rename this top; working in place needs the same blob as bottom, read by no other layer"));
            }
            let id = in_place.unwrap_or_else(|| self.new_blob());
            self.ids.insert(blob.clone(), id);
            self.unread.insert(id);
            top_ids.push(id);
        }
        if entry.auto_tops {
            while top_ids.len() < entry.tops.min {
                let id = self.new_blob();
                top_ids.push(id);
            }
        }
        Ok(top_ids)
    }

    fn new_blob(&mut self) -> usize {
        self.shapes.push(Shape::unshaped());
        self.shapes.len() - 1
    }

    fn finish(
        &mut self,
        layer: &mut NetLayer,
        entry: &LayerType,
        mut setup: Setup,
        connected: Connected,
        given: Vec<BlobProto>,
    ) -> Result<PlannedLayer, LayerFault> {
        let param = &mut layer.param;
        let nature = entry.nature(param);
        let rules = self.rulebook.apply(self.planned.len(), param, &mut setup);
        if let Some(saved) = setup.saved.take() {
            *param = *saved;
        }
        if let Some(weight) = setup.default_loss_weight
            && param.loss_weight.is_empty()
        {
            param.loss_weight.push(weight);
        }
        if param.propagate_down.is_empty() {
            param.propagate_down.append(&mut setup.default_propagate_down);
        }
        check_loss_weights(&param.loss_weight, &setup).map_err(at_layer)?;
        check_params(param.param.len(), setup.blobs.len()).map_err(at_layer)?;
        if self.dialect.traits.has_v1_layers() {
            check_whole_lists(&param.param, setup.blobs.len()).map_err(at_layer)?;
        }
        param.param.append(&mut setup.extra_params);
        for spec in param.param.get_mut(setup.fixed_params).unwrap_or_default() {
            (spec.lr_mult, spec.decay_mult) = (Some(0.0), Some(0.0));
        }
        for (&id, shape) in connected.top_ids.iter().zip(&setup.tops) {
            self.shapes[id] = shape.clone();
        }
        self.constants.extend(setup.operator.constants(&connected.top_ids));
        if let Some(classes) = setup.operator.configured_classes() {
            self.configured_classes = classes;
        }
        check_draws(&setup.draws, &setup.blobs).map_err(at_layer)?;
        let decided = Decided { layer: param, rules, sources: &self.sources };
        let mut blobs = self.blobs(setup.blobs, given, &decided, &mut setup.notices)?;
        self.share(&mut blobs, &param.param).map_err(at_layer)?;
        self.note(setup.notices);
        self.locked.extend(setup.locks.into_iter().map(|lock| (lock, param.name().to_owned())));
        Ok(PlannedLayer {
            param: std::mem::take(&mut layer.param),
            operator: setup.operator,
            bottoms: connected.bottoms,
            bottom_ids: connected.bottom_ids,
            tops: setup.tops,
            top_ids: connected.top_ids,
            memory: setup.memory,
            blobs,
            draws: setup.draws,
            restoring: setup.restoring,
            macs: setup.macs,
            nature,
            origin: layer.origin,
        })
    }

    /// Finds the owners of the blobs of the layer being planned.
    fn share(&mut self, blobs: &mut [PlannedBlob], specs: &[ParamSpec]) -> Result<(), Refusal> {
        for index in 0..blobs.len() {
            let id = BlobId { layer: self.planned.len(), blob: index };
            blobs[index].owner = self.owners.enter(&self.planned, blobs, id, specs.get(index))?;
        }
        Ok(())
    }

    /// Keeps notices, each once.
    fn note(&mut self, notices: Vec<String>) {
        for notice in notices {
            if !self.notices.contains(&notice) {
                self.notices.push(notice);
            }
        }
    }
}

/// What to tell of a layer type that the dialect does not have of itself.
fn added(entry: &LayerType, dialect: &Dialect) -> Option<String> {
    let from = entry.known.added_from(dialect)?;
    Some(format!(
        "the layer type {} is not one of {}'s own: it is taken to be that of {from}",
        entry.name, dialect.name
    ))
}
