//! The entries of [`LAYERS`] by name: an index that is made at compile time, as a net of a few layers would pay more
//! for making it than for all else.

use super::LayerType;
use super::registry::LAYERS;

/// How many entries there are.
const COUNT: usize = count();

/// The places of the entries in [`LAYERS`], family and place in it, in the order of their names.
static ORDER: [(u8, u8); COUNT] = order();

/// The entries of all dialects in the order of their names.
pub(super) fn sorted() -> impl Iterator<Item = &'static LayerType> {
    ORDER.iter().map(|&place| at(place))
}

/// The entries of this name, each of other dialects.
pub(super) fn named(name: &str) -> impl Iterator<Item = &'static LayerType> {
    let start = ORDER.partition_point(|&place| at(place).name < name);
    ORDER[start..].iter().map(|&place| at(place)).take_while(move |entry| entry.name == name)
}

const fn at((family, place): (u8, u8)) -> &'static LayerType {
    &LAYERS[family as usize][place as usize]
}

const fn count() -> usize {
    let (mut count, mut family) = (0, 0);
    while family < LAYERS.len() {
        count += LAYERS[family].len();
        family += 1;
    }
    count
}

const fn order() -> [(u8, u8); COUNT] {
    assert!(LAYERS.len() <= u8::MAX as usize, "a byte does not number the families");
    let mut order = [(0, 0); COUNT];
    let (mut filled, mut family) = (0, 0);
    while family < LAYERS.len() {
        assert!(LAYERS[family].len() <= u8::MAX as usize, "a byte does not number the types of a family");
        let mut place = 0;
        while place < LAYERS[family].len() {
            order[filled] = (family as u8, place as u8);
            filled += 1;
            place += 1;
        }
        family += 1;
    }
    sort(&mut order);
    order
}

/// Shell's sort, the shortest that is fast enough for the compiler.
const fn sort(order: &mut [(u8, u8); COUNT]) {
    let mut gap = COUNT / 2;
    while gap > 0 {
        let mut next = gap;
        while next < COUNT {
            let mut place = next;
            while place >= gap && precedes(at(order[place]).name, at(order[place - gap]).name) {
                order.swap(place, place - gap);
                place -= gap;
            }
            next += 1;
        }
        gap /= 2;
    }
}

/// Whether `a` is less than `b`, as [`str::cmp`] has it.
const fn precedes(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut place = 0;
    while place < a.len() && place < b.len() {
        if a[place] != b[place] {
            return a[place] < b[place];
        }
        place += 1;
    }
    a.len() < b.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_has_every_entry_in_order() {
        let names: Vec<&str> = sorted().map(|entry| entry.name).collect();
        assert!(names.is_sorted());
        let mut expected: Vec<&str> = LAYERS.iter().copied().flatten().map(|entry| entry.name).collect();
        expected.sort_unstable();
        assert_eq!(names, expected);
    }

    #[test]
    fn one_name_may_have_several_entries() {
        let count = |name| named(name).filter(|entry| entry.name == name).count();
        assert_eq!((count("InnerProductBlob"), count("innerProductBlob"), count("")), (1, 0, 0));
        let all = |name| LAYERS.iter().copied().flatten().filter(|entry| entry.name == name).count();
        assert!(all("Normalize") > 1);
        assert_eq!(count("Normalize"), all("Normalize"));
    }
}
