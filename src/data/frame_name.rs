//! The names of the frames of a video, by a pattern as C's `printf` takes it.

/// The room that Caffe has for a name; the last byte ends it.
const MAX_BYTES: usize = 30;

/// The name of a frame: `%d` in the pattern stands for its number, `%c` before that for the direction of the flow,
/// which a picture in colours has none of.
///
/// # Errors
/// The pattern asks for anything else, or the name is longer than Caffe has room for.
pub(crate) fn frame_name(pattern: &str, direction: Option<char>, number: i32) -> Result<String, String> {
    let mut name = String::new();
    let mut arguments = direction.map(Argument::Letter).into_iter().chain([Argument::Number(number)]);
    let mut rest = pattern;
    while let Some((text, directive)) = rest.split_once('%') {
        name.push_str(text);
        if let Some(behind) = directive.strip_prefix('%') {
            name.push('%');
            rest = behind;
            continue;
        }
        let end = directive.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(directive.len());
        let (width, behind) = directive.split_at(end);
        let wanted = behind.chars().next();
        match (wanted, arguments.next()) {
            (Some('c'), Some(Argument::Letter(letter))) if width.is_empty() => name.push(letter),
            (Some('d' | 'i'), Some(Argument::Number(number))) => name.push_str(&padded(number, width)?),
            _ => {
                return Err(format!("the name pattern {pattern:?} does not take a number, or a letter and a number"));
            }
        }
        rest = &behind[1..];
    }
    name.push_str(rest);
    let bytes = name.len();
    if bytes >= MAX_BYTES {
        return Err(format!("the name {name:?} of a frame has {bytes} bytes, Caffe has room for {}", MAX_BYTES - 1));
    }
    Ok(name)
}

enum Argument {
    Letter(char),
    Number(i32),
}

/// The number, filled up with spaces, or zeros if the width begins with 0.
fn padded(number: i32, width: &str) -> Result<String, String> {
    let room =
        if width.is_empty() { 0 } else { width.parse().ok().filter(|&room| room < MAX_BYTES).unwrap_or(MAX_BYTES) };
    if room >= MAX_BYTES {
        return Err(format!("the numbers of frames are padded to {width} digits, Caffe has room for {MAX_BYTES}"));
    }
    Ok(if width.starts_with('0') { format!("{number:0room$}") } else { format!("{number:room$}") })
}

#[cfg(test)]
mod tests {
    use super::frame_name;

    #[test]
    fn patterns_are_those_of_printf() {
        assert_eq!(frame_name("image_%04d.jpg", None, 7).unwrap(), "image_0007.jpg");
        assert_eq!(frame_name("flow_%c_%04d.jpg", Some('x'), 12345).unwrap(), "flow_x_12345.jpg");
        assert_eq!(frame_name("%%%3d%i", None, 7).unwrap_err(), bad("%%%3d%i"));
        assert_eq!(frame_name("%3d%%", None, 7).unwrap(), "  7%");
        assert_eq!(frame_name("first.jpg", Some('x'), 7).unwrap(), "first.jpg");
    }

    fn bad(pattern: &str) -> String {
        format!("the name pattern {pattern:?} does not take a number, or a letter and a number")
    }

    #[test]
    fn other_patterns_are_refused() {
        for pattern in ["%s.jpg", "%c_%d", "%", "%5", "%-4d", "%d%ü"] {
            assert_eq!(frame_name(pattern, None, 7).unwrap_err(), bad(pattern), "{pattern}");
        }
        let message = "the numbers of frames are padded to 99999999999999999999 digits, Caffe has room for 30";
        assert_eq!(frame_name("%99999999999999999999d", None, 7).unwrap_err(), message);
        assert!(frame_name("%025d.jpg", None, 7).is_ok());
        assert!(frame_name("%026d.jpg", None, 7).is_err());
    }
}
