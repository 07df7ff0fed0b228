//! LZF, which h5py packs chunks with on request: runs of literal bytes, and copies of what came before.

use hdf5_reader::error::{Error, Result};

/// The number of the filter.
pub(super) const ID: u16 = 32000;

/// What `packed` was, which is at most so many bytes.
pub(super) fn unpack(mut packed: &[u8], max: usize) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    while let Some((&control, rest)) = packed.split_first() {
        packed = rest;
        let len = usize::from(control >> 5);
        if len == 0 {
            out.extend_from_slice(take(&mut packed, usize::from(control) + 1)?);
        } else {
            let more = if len == 7 { usize::from(take(&mut packed, 1)?[0]) } else { 0 };
            let back = usize::from(control & 0x1f) << 8 | usize::from(take(&mut packed, 1)?[0]);
            let start = out.len().checked_sub(back + 1).ok_or_else(damaged)?;
            // The copy may reach into what it makes itself.
            (start..start + len + more + 2).for_each(|place| out.push(out[place]));
        }
        if out.len() > max {
            return Err(damaged());
        }
    }
    Ok(out)
}

fn take<'a>(packed: &mut &'a [u8], count: usize) -> Result<&'a [u8]> {
    let (taken, rest) = packed.split_at_checked(count).ok_or_else(damaged)?;
    *packed = rest;
    Ok(taken)
}

fn damaged() -> Error {
    Error::DecompressionError("no LZF".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_and_copies_are_unpacked() {
        assert_eq!(unpack(b"\x02abc", 99).unwrap(), b"abc");
        assert_eq!(unpack(b"\x02abc\x20\x02\x00d", 99).unwrap(), b"abcabcd");
        assert_eq!(unpack(b"\x00a\xe0\x03\x00", 99).unwrap(), b"aaaaaaaaaaaaa");
    }

    #[test]
    fn what_is_no_lzf_is_refused() {
        for packed in [&b"\x02ab"[..], b"\x20\x00", b"\x00a\x20\x01", b"\x00a\x20", b"\x00a\xe0", b"\x00a\xe0\xff\x00"]
        {
            assert!(unpack(packed, 99).is_err());
        }
    }
}
