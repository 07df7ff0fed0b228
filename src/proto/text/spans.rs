//! Where the parts of a message stand in the text.

use super::source::Span;
use crate::proto::schema::MessageType;

/// Where a message's fields stand: every nested message, and the first occurrence of every other field.
#[derive(Debug)]
pub struct SpanTree {
    nodes: Vec<Node>,
}

impl SpanTree {
    pub(super) fn new(nodes: Vec<Node>) -> SpanTree {
        SpanTree { nodes }
    }

    /// The whole text.
    pub fn root(&self) -> SpanNode<'_> {
        SpanNode { tree: self, index: 0 }
    }

    /// The place of the field at the end of a path of names and indices, such as
    /// `[("layer", 3), ("convolution_param", 0), ("num_output", 0)]`. See [`SpanNode::find`].
    pub fn find(&self, path: &[(&str, usize)]) -> Option<Span> {
        self.root().find(path)
    }
}

/// One message in a [`SpanTree`].
#[derive(Debug, Clone, Copy)]
pub struct SpanNode<'a> {
    tree: &'a SpanTree,
    index: usize,
}

impl<'a> SpanNode<'a> {
    /// From the field's name to the closing brace. In a list, all but the first begin with their opening brace.
    pub fn span(&self) -> Span {
        self.node().span
    }

    /// The first occurrence of a field, from its name to the end of its value; of a list, all of it.
    pub fn field(&self, name: &str) -> Option<Span> {
        self.entry(name).map(|entry| entry.first)
    }

    /// The `index`th message (from 0) in a field.
    pub fn child(&self, name: &str, index: usize) -> Option<SpanNode<'a>> {
        let &index = self.entry(name)?.children.get(index)?;
        Some(SpanNode { tree: self.tree, index })
    }

    /// The place of the field at the end of a path of names and indices, or nothing if the text does not give it.
    ///
    /// An empty path is the message itself. For a repeated field that is no message the first occurrence stands for
    /// all, whatever the last index.
    pub fn find(&self, path: &[(&str, usize)]) -> Option<Span> {
        let Some((&(name, index), rest)) = path.split_first() else { return Some(self.span()) };
        let entry = self.entry(name)?;
        if rest.is_empty() && entry.children.is_empty() {
            return Some(entry.first);
        }
        self.child(name, index)?.find(rest)
    }

    fn node(&self) -> &'a Node {
        &self.tree.nodes[self.index]
    }

    fn entry(&self, name: &str) -> Option<&'a FieldSpans> {
        let node = self.node();
        let field = node.message.field_named(name)?.number();
        node.entries.iter().find(|entry| entry.field == field)
    }
}

/// One message's places.
#[derive(Debug)]
pub(super) struct Node {
    /// The message in the schema.
    message: MessageType,
    pub(super) span: Span,
    entries: Vec<FieldSpans>,
}

#[derive(Debug)]
struct FieldSpans {
    /// The field's number.
    field: u32,
    first: Span,
    /// The nodes of the messages in the field.
    children: Vec<usize>,
}

impl Node {
    pub(super) fn new(message: MessageType, start: usize) -> Node {
        Node { message, span: Span::new(start, start), entries: Vec::new() }
    }

    /// Where a field was first given.
    pub(super) fn first(&self, field: u32) -> Option<Span> {
        self.entries.iter().find(|entry| entry.field == field).map(|entry| entry.first)
    }

    pub(super) fn add_field(&mut self, field: u32, first: Span) {
        self.entries.push(FieldSpans { field, first, children: Vec::new() });
    }

    pub(super) fn end_first(&mut self, field: u32, end: usize) {
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.field == field) {
            entry.first.end = end;
        }
    }

    pub(super) fn add_child(&mut self, field: u32, child: usize) {
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.field == field) {
            entry.children.push(child);
        }
    }
}
