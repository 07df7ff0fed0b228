//! BMP, which is read here: nothing but the number of its bytes can be wrong with most pictures.

use super::{DecodeError, Decoded, check_size};
use crate::data::source_file::bytes_at;

const NAME: &str = "Bmp";

/// The header of the file, with the place of the pixels; that of the picture follows.
const FILE_HEADER: usize = 14;
const PIXELS: usize = 10;

/// The header of OS/2 1.x, whose sides have 16 bits.
const CORE_HEADER: u32 = 12;

/// The shortest of the other headers, which ends behind the number of colours.
const INFO_HEADER: u32 = 36;

const PLAIN: u32 = 0;
const RUNS_OF_8_BITS: u32 = 1;
const RUNS_OF_4_BITS: u32 = 2;
const BIT_FIELDS: u32 = 3;

pub(super) fn decode(bytes: &[u8]) -> Result<Decoded, DecodeError> {
    let header = BmpHeader::read(bytes)?;
    let (width, height) = (header.width, header.height);
    check_size(width, height, 3)?;
    let pixels = bytes_at(bytes, PIXELS).map_or(0, u32::from_le_bytes) as usize;
    let mut rest = bytes.get(pixels..).ok_or(DecodeError::CutOff)?;
    match header.compression {
        RUNS_OF_4_BITS | RUNS_OF_8_BITS => header.pass_runs(&mut rest)?,
        _ => {
            let row = (u64::from(width) * u64::from(header.depth)).div_ceil(32) * 4;
            let needed = row * u64::from(height);
            usize::try_from(needed).ok().and_then(|needed| rest.get(..needed)).ok_or(DecodeError::CutOff)?;
        }
    }
    Ok(Decoded { width, height, channels: header.channels(bytes)?, on_its_side: false })
}

struct BmpHeader {
    bytes: u32,
    width: u32,
    height: u32,
    /// How many bits a pixel has.
    depth: u32,
    compression: u32,
    /// How many colours the palette has; none stands for as many as pixels can tell.
    colors: u32,
}

impl BmpHeader {
    fn read(bytes: &[u8]) -> Result<BmpHeader, DecodeError> {
        let word =
            |offset: usize| bytes_at(bytes, FILE_HEADER + offset).map(u32::from_le_bytes).ok_or(DecodeError::CutOff);
        let header = match word(0)? {
            len @ CORE_HEADER => {
                let (sides, depth) = (word(4)?, word(8)? >> 16);
                let (width, height) = (sides & 0xffff, sides >> 16);
                BmpHeader { bytes: len, width, height, depth, compression: PLAIN, colors: 0 }
            }
            len @ INFO_HEADER.. => {
                // Rows come from the top where the height is negative.
                let [width, height] = [word(4)?, word(8)?].map(u32::cast_signed);
                let width = u32::try_from(width).map_err(|_| damaged("its width is negative"))?;
                let [depth, compression, colors] = [word(12)? >> 16, word(16)?, word(32)?];
                BmpHeader { bytes: len, width, height: height.unsigned_abs(), depth, compression, colors }
            }
            len => return Err(damaged(format!("a header of {len} bytes"))),
        };
        let known = match header.compression {
            PLAIN => matches!(header.depth, 1 | 2 | 4 | 8 | 16 | 24 | 32),
            RUNS_OF_8_BITS => header.depth == 8,
            RUNS_OF_4_BITS => header.depth == 4,
            BIT_FIELDS => matches!(header.depth, 16 | 32),
            _ => false,
        };
        if !known {
            let BmpHeader { depth, compression, .. } = header;
            return Err(damaged(format!("pixels of {depth} bits in the compression {compression}")));
        }
        if header.width == 0 || header.height == 0 || header.colors > 256 {
            return Err(damaged("it has no pixels, or more than 256 colors"));
        }
        Ok(header)
    }

    /// A BMP has four channels where masks say which bits are whose, one where its palette is grey or its header of the
    /// first kind, and else three.
    fn channels(&self, bytes: &[u8]) -> Result<i32, DecodeError> {
        match self.depth {
            _ if self.bytes == CORE_HEADER => Ok(1),
            32 if self.compression == BIT_FIELDS => Ok(4),
            9.. => Ok(3),
            depth => {
                let count = if self.colors == 0 { 1 << depth } else { self.colors as usize };
                let palette = bytes.get(FILE_HEADER.saturating_add(self.bytes as usize)..);
                let palette = palette.and_then(|rest| rest.get(..4 * count)).ok_or(DecodeError::CutOff)?;
                let is_gray = |entry: &[u8]| entry[0] == entry[1] && entry[1] == entry[2];
                Ok(if palette.chunks_exact(4).all(is_gray) { 1 } else { 3 })
            }
        }
    }

    /// Passes over runs of pixels up to their end, or that of the last row.
    fn pass_runs(&self, rest: &mut &[u8]) -> Result<(), DecodeError> {
        let (mut row, mut column) = (0, 0);
        while row < self.height {
            match take(rest)? {
                [0, 0] => (row, column) = (row + 1, 0),
                [0, 1] => return Ok(()),
                [0, 2] => {
                    let [right, up] = take(rest)?;
                    (row, column) = (row + u32::from(up), column + u32::from(right));
                    if row >= self.height {
                        return Err(damaged("a row beyond the last"));
                    }
                }
                [0, count] => {
                    let bytes = (usize::from(count) * self.depth as usize).div_ceil(16) * 2;
                    *rest = rest.get(bytes..).ok_or(DecodeError::CutOff)?;
                    column += u32::from(count);
                }
                // Some programs write runs of 8 bits beyond the end of their row.
                [count, _] if self.depth == 8 => column = (column + u32::from(count)).min(self.width),
                [count, _] => column += u32::from(count),
            }
            if column > self.width {
                return Err(damaged("a run of pixels beyond the end of its row"));
            }
        }
        Ok(())
    }
}

/// The next two bytes.
fn take(rest: &mut &[u8]) -> Result<[u8; 2], DecodeError> {
    let (taken, later) = rest.split_first_chunk().ok_or(DecodeError::CutOff)?;
    *rest = later;
    Ok(*taken)
}

fn damaged(message: impl ToString) -> DecodeError {
    DecodeError::damaged(NAME, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture of 4 x 2 pixels with a palette of two colours.
    fn picture(depth: u16, compression: u32, pixels: &[u8]) -> Vec<u8> {
        let mut bytes = [&b"BM"[..], &[0; 8], &62u32.to_le_bytes(), &40u32.to_le_bytes()].concat();
        bytes.extend([4i32.to_le_bytes(), (-2i32).to_le_bytes()].concat());
        bytes.extend([1u16.to_le_bytes(), depth.to_le_bytes()].concat());
        bytes.extend([compression, 0, 0, 0, 2, 0].map(u32::to_le_bytes).concat());
        bytes.extend([0, 0, 0, 0, 255, 255, 255, 0]);
        bytes.extend(pixels);
        bytes
    }

    fn read(depth: u16, compression: u32, pixels: &[u8]) -> Result<[u32; 3], String> {
        let decoded = decode(&picture(depth, compression, pixels)).map_err(|error| error.to_string())?;
        Ok([decoded.channels as u32, decoded.height, decoded.width])
    }

    #[test]
    fn rows_are_multiples_of_four_bytes() {
        assert_eq!(read(8, PLAIN, &[0; 8]), Ok([1, 2, 4]));
        assert_eq!(read(1, PLAIN, &[0; 8]), Ok([1, 2, 4]));
        assert_eq!(read(24, PLAIN, &[0; 24]), Ok([3, 2, 4]));
        assert_eq!(read(24, PLAIN, &[0; 23]).unwrap_err(), "unexpected end of file");
        let message = "Format error decoding Bmp: pixels of 24 bits in the compression 3";
        assert_eq!(read(24, BIT_FIELDS, &[0; 24]).unwrap_err(), message);
    }

    #[test]
    fn runs_stay_within_their_rows() {
        let corner = [4, 1, 0, 0, 2, 0, 0, 2, 1, 0, 1, 1, 0, 1];
        assert_eq!(read(8, RUNS_OF_8_BITS, &corner), Ok([1, 2, 4]));
        assert_eq!(read(8, RUNS_OF_8_BITS, &[200, 1, 0, 0, 0, 4, 1, 1, 1, 1, 0, 0]), Ok([1, 2, 4]));
        assert_eq!(read(4, RUNS_OF_4_BITS, &[0, 3, 1, 1, 0, 0, 4, 1, 0, 0]), Ok([1, 2, 4]));
        assert_eq!(read(4, RUNS_OF_4_BITS, &[0, 1]), Ok([1, 2, 4]));
        let error = |depth, compression, pixels: &[u8]| read(depth, compression, pixels).unwrap_err();
        let message = "Format error decoding Bmp: a run of pixels beyond the end of its row";
        assert_eq!(error(4, RUNS_OF_4_BITS, &[5, 1, 0, 1]), message);
        assert_eq!(error(8, RUNS_OF_8_BITS, &[0, 5, 1, 1, 1, 1, 1, 0]), message);
        assert_eq!(error(8, RUNS_OF_8_BITS, &[0, 2, 0, 2]), "Format error decoding Bmp: a row beyond the last");
        assert_eq!(error(8, RUNS_OF_8_BITS, &[4, 1, 0, 0, 4]), "unexpected end of file");
        assert_eq!(error(8, RUNS_OF_8_BITS, &[0, 4, 1, 1]), "unexpected end of file");
    }
}
