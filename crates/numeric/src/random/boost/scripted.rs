//! Draws given by hand, to lead a distribution into its rare branches.

use std::collections::VecDeque;

use crate::random::Draws;

pub(crate) struct Scripted(VecDeque<u32>);

impl Scripted {
    pub(crate) fn new(draws: impl IntoIterator<Item = u32>) -> Scripted {
        Scripted(draws.into_iter().collect())
    }

    pub(crate) fn left(&self) -> usize {
        self.0.len()
    }
}

impl Draws for Scripted {
    fn draw(&mut self) -> u32 {
        self.0.pop_front().expect("the script holds enough draws")
    }
}
