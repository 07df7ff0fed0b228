//! "Did you mean": the known name nearest to one that is not known.

/// Longer names get no suggestion; the distance takes time quadratic in the length.
const LONGEST: usize = 64;

/// What names of messages' fields end with.
const COMMON_END: &str = "_param";

/// The candidate nearest to `name`, if one is near enough to be meant.
///
/// Case does not matter. One edit (insertion, deletion, replacement, transposition) is allowed in a name of three
/// characters or more, two in one of six, three in one of twelve. The ending `_param`, which most names share, does not
/// count.
pub fn closest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if name.len() > LONGEST {
        return None;
    }
    let wanted = name.to_lowercase();
    let stem = wanted.strip_suffix(COMMON_END).unwrap_or(&wanted);
    let limit = match stem.chars().count() {
        0..3 => 0,
        3..6 => 1,
        6..12 => 2,
        _ => 3,
    };
    candidates
        .map(|candidate| (strsim::osa_distance(&wanted, &candidate.to_lowercase()), candidate))
        .filter(|&(distance, _)| distance <= limit)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: &[&str] = &["num_output", "pooling_param", "relu_param", "input_param", "ReLU", "type"];

    fn nearest(name: &str) -> Option<&'static str> {
        closest(name, NAMES.iter().copied())
    }

    #[test]
    fn slips_of_the_pen_find_the_name() {
        assert_eq!(nearest("num_outputs"), Some("num_output"));
        assert_eq!(nearest("nmu_output"), Some("num_output"));
        assert_eq!(nearest("relu6_param"), Some("relu_param"));
        assert_eq!(nearest("inputParam"), Some("input_param"));
        assert_eq!(nearest("Relu"), Some("ReLU"));
        assert_eq!(nearest("typ"), Some("type"));
    }

    #[test]
    fn another_name_is_no_slip() {
        assert_eq!(nearest("roi_pooling_param"), None);
        assert_eq!(closest("lstm_param", ["loss_param"].into_iter()), None);
        assert_eq!(closest("transpose_param", ["transform_param"].into_iter()), None);
        assert_eq!(nearest("version"), None);
        assert_eq!(nearest("x"), None);
        assert_eq!(nearest(""), None);
        assert_eq!(nearest(&"num_output".repeat(100)), None);
    }

    #[test]
    fn equal_names_win_over_near_ones() {
        assert_eq!(closest("RELU", ["prelu", "relu"].into_iter()), Some("relu"));
    }
}
