//! Builds a graph: a chain of nodes, and the tensors they use (initializers).

use std::fmt::Display;

use chainrule_protobuf::Message;

/// The numbers of element types in `TensorProto`.
pub(crate) const FLOAT: u64 = 1;
pub(super) const INT64: u64 = 7;
pub(super) const BOOL: u64 = 9;
pub(super) const DOUBLE: u64 = 11;

/// An operator of a layer.
pub(crate) struct Operator {
    name: &'static str,
    /// `x` is the layer's input; a number is a constant; all others are the layer's own.
    inputs: &'static [&'static str],
    pub(crate) output: &'static str,
    attribute: Option<Message>,
}

impl Operator {
    pub(crate) fn new(output: &'static str, name: &'static str, inputs: &'static [&'static str]) -> Self {
        Operator { name, inputs, output, attribute: None }
    }

    pub(crate) fn with_int(self, name: &str, value: u64) -> Self {
        let attribute = Message::new().text(1, name).number(3, value).number(20, 2);
        Operator { attribute: Some(attribute), ..self }
    }

    pub(crate) fn with_float(self, name: &str, value: f32) -> Self {
        let attribute = Message::new().text(1, name).float(2, value).number(20, 1);
        Operator { attribute: Some(attribute), ..self }
    }
}

/// An operator with the names that its inputs and its output have in the graph.
struct Node {
    operator: Operator,
    inputs: Vec<String>,
    output: String,
}

pub(super) struct Builder {
    input: Message,
    nodes: Vec<Node>,
    tensors: Vec<(String, Message)>,
    /// The output of the last node, or the input of the graph.
    last: String,
}

impl Builder {
    /// A graph whose input has this name and so many values per sample.
    pub(super) fn new(name: &str, n_inputs: usize) -> Self {
        let input = batch(name, n_inputs);
        Builder { input, nodes: Vec::new(), tensors: Vec::new(), last: name.to_string() }
    }

    /// Adds these operators behind the last node; `name` stands before the names of what is their own.
    pub(super) fn layer(&mut self, name: impl Display, operators: impl IntoIterator<Item = Operator>) {
        let x = self.last.clone();
        for operator in operators {
            let inputs = operator.inputs.iter().map(|input| match input.parse() {
                Ok(value) => self.constant(value),
                Err(_) if *input == "x" => x.clone(),
                Err(_) => format!("{name}.{input}"),
            });
            let inputs = inputs.collect();
            self.last = format!("{name}.{}", operator.output);
            self.nodes.push(Node { operator, inputs, output: self.last.clone() });
        }
    }

    /// A tensor of floats that nodes may use.
    pub(super) fn tensor(&mut self, name: &str, shape: &[usize], values: &[f32]) {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.raw(name, shape, FLOAT, &bytes);
    }

    /// A tensor of any type, its values little-endian.
    pub(super) fn raw(&mut self, name: &str, shape: &[usize], element_type: u64, bytes: &[u8]) {
        let tensor = Message::new()
            .each(shape, |message, size| message.number(1, *size as u64))
            .number(2, element_type)
            .text(8, name)
            .bytes(9, bytes);
        self.tensors.push((name.to_string(), tensor));
    }

    /// The name of a single number as a tensor, which is added when it is asked for first.
    fn constant(&mut self, value: f32) -> String {
        let name = format!("constant.{value}");
        if !self.tensors.iter().any(|(known, _)| *known == name) {
            self.tensor(&name, &[], &[value]);
        }
        name
    }

    /// The graph, whose last node's output becomes its output under this name.
    pub(super) fn finish(mut self, name: &str, output: &str, n_outputs: usize) -> Message {
        if self.nodes.is_empty() {
            // Nothing but dropout.
            self.layer("", [Operator::new("output", "Identity", &["x"])]);
        }
        if let Some(last) = self.nodes.last_mut() {
            last.output = output.to_string();
        }
        Message::new()
            .each(self.nodes, |graph, node| {
                let message = Message::new()
                    .each(&node.inputs, |message, input| message.text(1, input))
                    .text(2, &node.output)
                    .text(4, node.operator.name)
                    .each(node.operator.attribute, |message, attribute| message.message(5, attribute));
                graph.message(1, message)
            })
            .text(2, name)
            .each(self.tensors, |graph, (_, tensor)| graph.message(5, tensor))
            .message(11, self.input)
            .message(12, batch(output, n_outputs))
    }
}

/// The type of a batch of samples, each with `n` floats.
fn batch(name: &str, n: usize) -> Message {
    let any_number = Message::new().text(2, "batch");
    let shape = Message::new().message(1, any_number).message(1, Message::new().number(1, n as u64));
    let tensor = Message::new().number(1, FLOAT).message(2, shape);
    Message::new().text(1, name).message(2, Message::new().message(1, tensor))
}
