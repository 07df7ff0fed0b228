//! `uniform_int`, and the shuffle of picture lists that Caffe builds on it.

use crate::random::Draws;

/// An integer in `0..=last`.
///
/// The draws are cut into `last + 1` buckets of equal size; those past the last bucket are drawn again.
fn uniform_int(last: u32, draws: &mut impl Draws) -> u32 {
    let Some(count) = last.checked_add(1) else {
        return draws.draw();
    };
    let bucket = u32::MAX / count + u32::from(u32::MAX % count == last);
    loop {
        let value = draws.draw() / bucket;
        if value <= last {
            return value;
        }
    }
}

/// Shuffles a list as Caffe's `shuffle` does: Fisher and Yates, from the back.
///
/// A list of one element or none draws nothing. Lists hold fewer than 2^32 elements.
pub fn shuffle<T>(list: &mut [T], draws: &mut impl Draws) {
    debug_assert!(u32::try_from(list.len()).is_ok());
    for i in (1..list.len()).rev() {
        list.swap(i, uniform_int(i as u32, draws) as usize);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Mt19937;
    use crate::random::boost::scripted::Scripted;

    #[test]
    fn powers_of_two_use_every_draw() {
        let mut draws = Scripted::new([0x7fff_ffff, 0x8000_0000, u32::MAX, u32::MAX]);
        assert_eq!([(); 3].map(|()| uniform_int(1, &mut draws)), [0, 1, 1]);
        assert_eq!(uniform_int(u32::MAX, &mut draws), u32::MAX);
    }

    #[test]
    fn draws_past_the_last_bucket_are_repeated() {
        // Ten buckets of 429496729 leave the six draws from 4294967290 on.
        let mut draws = Scripted::new([u32::MAX, 4_294_967_290, 4_294_967_289]);
        assert_eq!(uniform_int(9, &mut draws), 9);
        assert_eq!(draws.left(), 0);
        // Three divide 2^32 - 1, not 2^32: the remainder is the greatest draw alone.
        let mut draws = Scripted::new([u32::MAX, 0xffff_fffe, 0x5555_5555, 0x5555_5554]);
        assert_eq!([(); 3].map(|()| uniform_int(2, &mut draws)), [2, 1, 0]);
    }

    #[test]
    fn shuffle_is_stable() {
        let mut list: Vec<u32> = (0..10).collect();
        shuffle(&mut list, &mut Mt19937::new(1701));
        assert_eq!(list, [7, 6, 8, 1, 2, 3, 5, 9, 4, 0]);
    }

    #[test]
    fn short_lists_draw_nothing() {
        let mut draws = Scripted::new([]);
        shuffle::<u8>(&mut [], &mut draws);
        shuffle(&mut [1], &mut draws);
    }
}
