//! PNM: bitmaps, grey and coloured pictures, and PAM, with samples in bytes or as decimal numbers.

use super::{DecodeError, Decoded, check_size};

const NAME: &str = "Pnm";

pub(super) fn decode(bytes: &[u8]) -> Result<Decoded, DecodeError> {
    let (magic, rest) = bytes.split_at_checked(2).ok_or(DecodeError::CutOff)?;
    let mut raster = Raster { rest };
    let header = match magic[1] {
        b'1' | b'4' => raster.header(1, false)?,
        b'2' | b'5' => raster.header(1, true)?,
        b'3' | b'6' => raster.header(3, true)?,
        _ => raster.pam_header()?,
    };
    let PnmHeader { width, height, depth, .. } = header;
    check_size(width, height, u64::from(depth) * header.sample_bytes())?;
    match magic[1] {
        b'1' => raster.pass_bits(header.samples())?,
        b'2' | b'3' => raster.pass_numbers(header.samples())?,
        b'4' => raster.pass(u64::from(width.div_ceil(8)) * u64::from(height))?,
        _ => raster.pass(header.samples() * header.sample_bytes())?,
    }
    // Grey with an alpha channel becomes coloured.
    let channels = if depth == 2 { 4 } else { depth as i32 };
    Ok(Decoded { width, height, channels, on_its_side: false })
}

struct PnmHeader {
    width: u32,
    height: u32,
    /// How many samples a pixel has.
    depth: u32,
    /// The largest sample.
    max: u32,
}

impl PnmHeader {
    /// A header, checked.
    fn new(width: u32, height: u32, depth: u32, max: u32) -> Result<PnmHeader, DecodeError> {
        if width == 0 || height == 0 || !(1..=4).contains(&depth) || !(1..=0xffff).contains(&max) {
            let message = format!("{width} x {height} pixels of {depth} samples from 0 to {max}");
            return Err(DecodeError::damaged(NAME, message));
        }
        Ok(PnmHeader { width, height, depth, max })
    }

    fn sample_bytes(&self) -> u64 {
        if self.max > 0xff { 2 } else { 1 }
    }

    fn samples(&self) -> u64 {
        u64::from(self.width) * u64::from(self.height) * u64::from(self.depth)
    }
}

/// What has not been read.
struct Raster<'a> {
    rest: &'a [u8],
}

impl Raster<'_> {
    /// The header of all but PAM: two sides, and the largest sample where `has_max`.
    fn header(&mut self, depth: u32, has_max: bool) -> Result<PnmHeader, DecodeError> {
        let (width, height) = (self.header_number()?, self.header_number()?);
        let max = if has_max { self.header_number()? } else { 1 };
        PnmHeader::new(width, height, depth, max)
    }

    /// The header of PAM: a line for each field.
    fn pam_header(&mut self) -> Result<PnmHeader, DecodeError> {
        const FIELDS: [&str; 4] = ["WIDTH", "HEIGHT", "DEPTH", "MAXVAL"];
        let mut values = [0; FIELDS.len()];
        loop {
            let end = self.rest.iter().position(|&byte| byte == b'\n').ok_or(DecodeError::CutOff)?;
            let line = String::from_utf8_lossy(&self.rest[..end]);
            self.rest = &self.rest[end + 1..];
            let mut words = line.split_ascii_whitespace();
            let (name, value) = (words.next().unwrap_or("#"), words.next());
            match FIELDS.iter().position(|field| *field == name) {
                Some(field) => {
                    let value = value.and_then(|value| value.parse().ok());
                    values[field] = value.ok_or_else(|| DecodeError::damaged(NAME, format!("a line {line:?}")))?;
                }
                None if name == "ENDHDR" => break,
                None if name == "TUPLTYPE" || name.starts_with('#') => {}
                None => return Err(DecodeError::damaged(NAME, format!("a line {line:?}"))),
            }
        }
        let [width, height, depth, max] = values;
        PnmHeader::new(width, height, depth, max)
    }

    /// The next number of a header, where `#` begins a comment up to the end of its line, and the byte behind it.
    fn header_number(&mut self) -> Result<u32, DecodeError> {
        loop {
            self.rest = self.rest.trim_ascii_start();
            if self.rest.first() != Some(&b'#') {
                break;
            }
            let end = self.rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            self.rest = &self.rest[end.ok_or(DecodeError::CutOff)?..];
        }
        let number = self.number()?;
        self.rest = self.rest.get(1..).unwrap_or_default();
        Ok(number)
    }

    fn number(&mut self) -> Result<u32, DecodeError> {
        let end = self.rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at(end);
        self.rest = rest;
        let number = str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
        number.ok_or_else(|| match rest.first() {
            None if digits.is_empty() => DecodeError::CutOff,
            _ => DecodeError::damaged(NAME, "a number is expected"),
        })
    }

    fn pass_numbers(&mut self, count: u64) -> Result<(), DecodeError> {
        (0..count).try_for_each(|_| {
            self.rest = self.rest.trim_ascii_start();
            self.number().map(drop)
        })
    }

    /// Passes over so many zeros and ones, which may stand without white space between them.
    fn pass_bits(&mut self, count: u64) -> Result<(), DecodeError> {
        (0..count).try_for_each(|_| {
            self.rest = self.rest.trim_ascii_start();
            let (bit, rest) = self.rest.split_first().ok_or(DecodeError::CutOff)?;
            self.rest = rest;
            if matches!(bit, b'0' | b'1') { Ok(()) } else { Err(DecodeError::damaged(NAME, "a bit is expected")) }
        })
    }

    fn pass(&mut self, count: u64) -> Result<(), DecodeError> {
        let rest = usize::try_from(count).ok().and_then(|count| self.rest.get(count..));
        self.rest = rest.ok_or(DecodeError::CutOff)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(picture: &[u8]) -> Result<[u32; 3], String> {
        let decoded = decode(picture).map_err(|error| error.to_string())?;
        Ok([decoded.channels as u32, decoded.height, decoded.width])
    }

    #[test]
    fn samples_are_bytes_or_numbers() {
        assert_eq!(read(b"P1 3 1\n10 1"), Ok([1, 1, 3]));
        assert_eq!(read(b"P2\n# grey\n2 1\n255\n7 8"), Ok([1, 1, 2]));
        assert_eq!(read(b"P3 1 1 9 1 2 3"), Ok([3, 1, 1]));
        assert_eq!(read(b"P4 9 1\n\x01\x80"), Ok([1, 1, 9]));
        assert_eq!(read(b"P5 2 1 # wide\n 255\n\x01\x02"), Ok([1, 1, 2]));
        assert_eq!(read(b"P5 1 2 256\n\0\x01\0\x02"), Ok([1, 2, 1]));
        assert_eq!(read(b"P6 1 1 255\nabc"), Ok([3, 1, 1]));
        let pam = b"P7\nWIDTH 1\n# two\nHEIGHT 2\nDEPTH 2\nMAXVAL 255\nTUPLTYPE GRAYSCALE_ALPHA\nENDHDR\nabcd";
        assert_eq!(read(pam), Ok([4, 2, 1]));
    }

    #[test]
    fn what_is_cut_off_or_no_picture_is_refused() {
        let error = |picture: &[u8]| read(picture).unwrap_err();
        for picture in
            [&b"P"[..], b"P6", b"P6 1", b"P5 2 1 255\n\x01", b"P4 9 1\n\x01", b"P1 2 1 1", b"P2 1 1 9", b"P7\n"]
        {
            assert_eq!(error(picture), "unexpected end of file");
        }
        let prefix = "Format error decoding Pnm: ";
        assert_eq!(error(b"P6 x"), format!("{prefix}a number is expected"));
        assert_eq!(error(b"P1 1 1 7"), format!("{prefix}a bit is expected"));
        assert_eq!(error(b"P6 0 1 255\n"), format!("{prefix}0 x 1 pixels of 3 samples from 0 to 255"));
        assert_eq!(error(b"P7\nWIDTH x\n"), format!("{prefix}a line \"WIDTH x\""));
    }
}
