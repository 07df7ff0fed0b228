//! What blobs are called: by their roles, and beside these by names.

use super::bn::Bn;
use super::{BatchNorm, Cell, Operator, Role};

/// What a blob that multiplies is called where it scales a normalised signal, and one that is added there.
const SCALE: &str = "scale";
const SHIFT: &str = "shift";

/// All roles, as patterns name them.
const ROLES: [Role; 4] = [Role::Weight, Role::Bias, Role::Statistic, Role::Other];

/// All names of blobs that layers have beside the roles, each once or more.
fn names() -> impl Iterator<Item = &'static str> {
    let of_cells = Cell::ALL.iter().flat_map(|cell| {
        let (of_input, of_step) = cell.blob_names();
        of_input.into_iter().chain(of_step.iter().copied())
    });
    BatchNorm::STATISTICS.into_iter().chain(Bn::STATISTICS).chain([SCALE, SHIFT]).chain(of_cells)
}

/// What a text names that stands for a blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NamedBlob {
    /// A role.
    Role(Role),
    /// Another name.
    Name(&'static str),
}

impl NamedBlob {
    /// The role or the name that the text is.
    pub(crate) fn of(text: &str) -> Option<NamedBlob> {
        let role = ROLES.into_iter().find(|role| role.to_string() == text).map(NamedBlob::Role);
        role.or_else(|| names().find(|name| *name == text).map(NamedBlob::Name))
    }
}

impl Operator {
    /// Whether the blob of this index, which has this role, is called `name`: that is its name in reports, or it is the
    /// scale or the shift of a normalised signal.
    pub(crate) fn calls(&self, index: usize, role: Role, name: &str) -> bool {
        let scales = matches!(self, Operator::Scale(_) | Operator::Bn(_) | Operator::BatchNorm(_));
        match (name, role) {
            (SCALE, Role::Weight) | (SHIFT, Role::Bias) => scales,
            _ => self.blob_name(index) == Some(name),
        }
    }

    /// The blobs of a layer as reports list them and patterns name them: `0 mean, 1 variance, 2 factor`.
    pub(crate) fn listed(&self, roles: impl Iterator<Item = Role>) -> String {
        let blob = |(index, role): (usize, Role)| match (role, self.blob_name(index)) {
            (Role::Statistic, Some(name)) => format!("{index} {name}"),
            (role, Some(name)) => format!("{index} {role} {name}"),
            (role, None) => format!("{index} {role}"),
        };
        roles.enumerate().map(blob).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::testing::Surroundings;

    /// A layer whose blobs have names: its dialect, its type, its settings, and the shapes of its bottoms.
    struct NamedLayer(&'static str, &'static str, &'static str, &'static [&'static [i32]]);

    /// For each operator that names its blobs some layers that have it, with what is listed of them.
    const NAMED: [(NamedLayer, &str); 7] = [
        (NamedLayer("bvlc", "BatchNorm", "", &[&[2, 3]]), "0 mean, 1 variance, 2 factor"),
        (NamedLayer("segnet", "BN", "", &[&[2, 3, 4, 4]]), "0 weight, 1 bias"),
        (NamedLayer("yjxiong", "BN", "", &[&[2, 3, 4, 4]]), "0 weight, 1 bias, 2 mean, 3 variance"),
        (NamedLayer("bvlc", "Scale", "scale_param { bias_term: true }", &[&[2, 3]]), "0 weight, 1 bias"),
        (NamedLayer("bvlc", "LSTM", RECURRENT, &[&[4, 1, 3], &[4, 1]]), "0 weight W_xc, 1 bias b_c, 2 weight W_hc"),
        (
            NamedLayer("bvlc", "RNN", RECURRENT, &[&[4, 1, 3], &[4, 1], &[1, 5]]),
            "0 weight W_xh, 1 bias b_h, 2 weight W_xh_static, 3 weight W_hh, 4 weight W_ho, 5 bias b_o",
        ),
        (
            NamedLayer("synopsys", "GRU", RECURRENT, &[&[4, 1, 3], &[4, 1]]),
            "0 weight W_x, 1 bias b, 2 weight W_z, 3 weight W_r, 4 weight W_h",
        ),
    ];

    const RECURRENT: &str = "recurrent_param { num_output: 2 }";

    #[test]
    fn every_name_of_a_report_names_its_blob() {
        for (NamedLayer(dialect, layer_type, text, bottoms), listed) in NAMED {
            let made = Surroundings::of(dialect).run(layer_type, text, bottoms, 1).unwrap();
            let roles = || made.blobs.iter().map(|blob| blob.role);
            assert_eq!(made.operator.listed(roles()), listed, "{dialect} {layer_type}");
            for (index, role) in roles().enumerate() {
                assert_eq!(NamedBlob::of(&role.to_string()), Some(NamedBlob::Role(role)));
                let Some(name) = made.operator.blob_name(index) else { continue };
                assert_eq!(NamedBlob::of(name), Some(NamedBlob::Name(name)));
                let called: Vec<usize> = (0..made.blobs.len())
                    .filter(|&other| made.operator.calls(other, made.blobs[other].role, name))
                    .collect();
                assert_eq!(called, [index], "{layer_type} {name}");
            }
        }
    }

    #[test]
    fn normalised_signals_are_scaled_and_shifted() {
        let made = Surroundings::of("bvlc").run("Scale", "scale_param { bias_term: true }", &[&[2, 3]], 1).unwrap();
        assert!(made.operator.calls(0, Role::Weight, "scale") && made.operator.calls(1, Role::Bias, "shift"));
        assert!(!made.operator.calls(0, Role::Weight, "shift"));
        let product = "inner_product_param { num_output: 2 }";
        let made = Surroundings::of("bvlc").run("InnerProduct", product, &[&[2, 3]], 1).unwrap();
        assert!(!made.operator.calls(0, Role::Weight, "scale"));
        assert_eq!((NamedBlob::of("weights"), NamedBlob::of("")), (None, None));
    }
}
