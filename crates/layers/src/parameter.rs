//! The parameters of a layer as others see them: names, shapes and flat values.

/// A parameter as others see it: a name, a shape, and flat values in column order.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Parameter<'a, F> {
    /// The name within the layer, such as `W` or `b`.
    pub name: &'static str,
    /// Rows and columns; a vector has one column.
    pub shape: (usize, usize),
    /// The values, column after column.
    pub values: &'a [F],
}

/// A parameter for changing; see [`Parameter`].
#[derive(Debug, PartialEq)]
#[non_exhaustive]
pub struct ParameterMut<'a, F> {
    /// The name within the layer, such as `W` or `b`.
    pub name: &'static str,
    /// Rows and columns; a vector has one column.
    pub shape: (usize, usize),
    /// The values, column after column.
    pub values: &'a mut [F],
}

impl<'a, F> Parameter<'a, F> {
    /// A parameter.
    ///
    /// # Panics
    /// Unless there are as many values as the shape says.
    #[track_caller]
    pub fn new(name: &'static str, shape: (usize, usize), values: &'a [F]) -> Self {
        assert_eq!(values.len(), shape.0 * shape.1, "values of {name}, which is {}×{}", shape.0, shape.1);
        Parameter { name, shape, values }
    }
}

impl<'a, F> ParameterMut<'a, F> {
    /// A parameter for changing.
    ///
    /// # Panics
    /// Unless there are as many values as the shape says.
    #[track_caller]
    pub fn new(name: &'static str, shape: (usize, usize), values: &'a mut [F]) -> Self {
        assert_eq!(values.len(), shape.0 * shape.1, "values of {name}, which is {}×{}", shape.0, shape.1);
        ParameterMut { name, shape, values }
    }
}
