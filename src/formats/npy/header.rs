//! The header of a `.npy` file, read and written: a Python dictionary of the type, the order and the shape.

use std::io::Read;

use caffemodel_numeric::number_type::{Element, NumberType};

use crate::Shape;
use crate::formats::in_place::shape;

/// What a `.npy` file starts with.
const MAGIC: &[u8; 6] = b"\x93NUMPY";

/// The longest dictionary that is read.
const MAX_BYTES: usize = 1 << 16;

/// What the header says.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::formats) struct Header {
    pub(in crate::formats) element: Element,
    /// Whether the first axis is the one along which neighbours lie.
    pub(super) fortran_order: bool,
    pub(in crate::formats) shape: Shape,
}

impl Header {
    /// Reads a header; also returns how many bytes it takes.
    ///
    /// # Errors
    /// It is damaged, or of a type that is not read.
    pub(in crate::formats) fn read(reader: &mut impl Read) -> Result<(Header, u64), String> {
        let mut start = [0; 8];
        let mut fill = |bytes: &mut [u8]| reader.read_exact(bytes).map_err(|error| format!("damaged: {error}"));
        fill(&mut start)?;
        if !start.starts_with(MAGIC) {
            return Err("is not a .npy file".to_owned());
        }
        let mut length = [0; 4];
        let length_bytes = match start[6] {
            1 => 2,
            2 | 3 => 4,
            version => return Err(format!("version {version} of .npy is not known")),
        };
        fill(&mut length[..length_bytes])?;
        let length = u32::from_le_bytes(length) as usize;
        if length > MAX_BYTES {
            return Err(format!("a .npy header of {length} bytes is too long"));
        }
        let mut text = vec![0; length];
        fill(&mut text)?;
        let text = String::from_utf8(text).map_err(|_| "the .npy header is not UTF-8")?;
        Ok((Header::parse(&text)?, (start.len() + length_bytes + length) as u64))
    }

    fn parse(text: &str) -> Result<Header, String> {
        let wrong =
            || format!("the .npy header is not a dictionary of descr, fortran_order and shape: {}", text.trim());
        let body = text.trim().strip_prefix('{').and_then(|text| text.strip_suffix('}')).ok_or_else(wrong)?;
        let descr = value(body, "descr").ok_or_else(wrong)?;
        let fortran_order = match value(body, "fortran_order") {
            Some(text) if text.starts_with("True") => true,
            Some(text) if text.starts_with("False") => false,
            _ => return Err(wrong()),
        };
        let dims = value(body, "shape").and_then(|text| text.strip_prefix('(')?.split_once(')')).ok_or_else(wrong)?.0;
        let dim = |text: &str| text.trim().trim_end_matches('L').parse::<u64>().map_err(|_| wrong());
        let dims = dims.split(',').filter(|text| !text.trim().is_empty()).map(dim).collect::<Result<Vec<_>, _>>()?;
        Ok(Header { element: element(descr)?, fortran_order, shape: shape(dims)? })
    }
}

/// The text from the value of `key` on.
fn value<'a>(body: &'a str, key: &str) -> Option<&'a str> {
    let after = ['\'', '"'].iter().find_map(|quote| Some(body.split_once(&format!("{quote}{key}{quote}"))?.1))?;
    Some(after.trim_start().strip_prefix(':')?.trim_start())
}

/// The type that a `descr` such as `'<f4'` names.
fn element(descr: &str) -> Result<Element, String> {
    let quoted = |quote: char| descr.strip_prefix(quote)?.split_once(quote);
    let Some((name, _)) = quoted('\'').or_else(|| quoted('"')) else {
        return Err("structured .npy types are not supported".to_owned());
    };
    let (order, kind) = name.split_at_checked(1).unwrap_or(("", name));
    let kind = match kind {
        "f2" => NumberType::F16,
        "f4" => NumberType::F32,
        "f8" => NumberType::F64,
        "i1" => NumberType::I8,
        "i2" => NumberType::I16,
        "i4" => NumberType::I32,
        "i8" => NumberType::I64,
        "u1" => NumberType::U8,
        "u2" => NumberType::U16,
        "u4" => NumberType::U32,
        "u8" => NumberType::U64,
        _ => return Err(format!("values of the numpy type {name:?} are not supported")),
    };
    match order {
        "<" | "|" | "=" => Ok(kind.little()),
        ">" => Ok(Element { kind, big_endian: true }),
        _ => Err(format!("values of the numpy type {name:?} are not supported")),
    }
}

/// The header of an array of little-endian `f32` of this shape, padded so that the values start at a multiple of 64
/// bytes.
pub(in crate::formats) fn encode_header(shape: &Shape) -> Vec<u8> {
    let dims: String = shape.dims().iter().map(|dim| format!("{dim}, ")).collect();
    let dims = if shape.axes() == 1 { dims.trim_end() } else { dims.trim_end_matches(", ") };
    let mut text = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({dims}), }}");
    let start = MAGIC.len() + 4;
    let padded = (start + text.len() + 1).next_multiple_of(64) - start;
    text.extend(std::iter::repeat_n(' ', padded - 1 - text.len()));
    text.push('\n');
    let mut out = MAGIC.to_vec();
    out.extend([1, 0]);
    out.extend((padded as u16).to_le_bytes());
    out.extend(text.as_bytes());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Header, String> {
        Header::parse(text)
    }

    #[test]
    fn headers_of_numpy_are_read() {
        let header = parse("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }            \n").unwrap();
        let shape = |dims: &[i64]| Shape::new(dims).unwrap();
        assert_eq!(header, Header { element: NumberType::F32.little(), fortran_order: false, shape: shape(&[3, 4]) });
        let header = parse("{\"shape\":(5L,),\"descr\":\">f8\",\"fortran_order\":True}").unwrap();
        let element = Element { kind: NumberType::F64, big_endian: true };
        assert_eq!(header, Header { element, fortran_order: true, shape: shape(&[5]) });
        assert_eq!(parse("{'descr': '|u1', 'fortran_order': False, 'shape': ()}").unwrap().shape, Shape::scalar());
    }

    #[test]
    fn other_headers_are_refused() {
        let with = |descr: &str| parse(&format!("{{'descr': {descr}, 'fortran_order': False, 'shape': (1,), }}"));
        assert_eq!(with("'<c8'").unwrap_err(), "values of the numpy type \"<c8\" are not supported");
        assert_eq!(with("'é4'").unwrap_err(), "values of the numpy type \"é4\" are not supported");
        assert_eq!(with("[('a', '<f4')]").unwrap_err(), "structured .npy types are not supported");
        let wrong = "the .npy header is not a dictionary of descr, fortran_order and shape: {'descr': '<f4'}";
        assert_eq!(parse("{'descr': '<f4'}").unwrap_err(), wrong);
        assert!(parse("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }").is_err());
        let large = parse("{'descr': '<f4', 'fortran_order': False, 'shape': (65536, 65536), }").unwrap_err();
        assert_eq!(large, "a blob holds at most 2147483647 elements, 65536 x 65536 are more");
    }

    #[test]
    fn written_headers_are_numpys() {
        let header = |shape: &Shape| String::from_utf8(encode_header(shape)[10..].to_vec()).unwrap();
        let of = |dims: &[i64]| header(&Shape::new(dims).unwrap());
        assert!(of(&[3, 4]).starts_with("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), } "));
        assert!(of(&[3]).contains("'shape': (3,), }"));
        assert!(header(&Shape::scalar()).contains("'shape': (), }"));
        assert_eq!(encode_header(&Shape::scalar())[..10], *b"\x93NUMPY\x01\x00\x76\x00");
    }
}
