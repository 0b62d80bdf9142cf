//! The serde-able description of a layer: the layers themselves, since these are nothing but settings.

use std::sync::Arc;

use crate::Layer;

/// Turns the name and the settings of a [`LayerConfig::Own`](crate::LayerConfig::Own) into the layer; `None` where the name is
/// not known.
pub type OwnLayers<'a, F> = &'a dyn Fn(&str, &str) -> Option<Arc<dyn Layer<F>>>;

/// Knows no layer: for networks without custom layers.
pub fn no_own_layers<F>(_name: &str, _settings: &str) -> Option<Arc<dyn Layer<F>>> {
    None
}

/// Makes [`LayerConfig`](crate::LayerConfig) and [`Activation`](crate::Activation) of the list of all layers; behind an
/// activation stands the distribution of the weights before it.
macro_rules! layer_list {
    (any of: $($layer:ident),*) => {
        /// Any layer. A list of these describes a network: shapes, counts and files follow from it.
        ///
        /// # Examples
        /// ```
        /// use chainrule_layers::{Affine, LayerConfig, Sequential, Sigmoid, no_own_layers};
        /// use chainrule_tensor::Shape;
        /// let layers: [LayerConfig; 3] = [Affine::outputs(50).into(), Sigmoid.into(), Affine::outputs(10).into()];
        /// let net = Sequential::<f32>::new(Shape::flat(784), &layers, 1)?;
        /// assert_eq!(net.n_parameters(), 39_760);
        /// assert_eq!(layers[1].layer::<f32>(&no_own_layers)?.name(), "sigmoid");
        /// # Ok::<(), chainrule_layers::Error>(())
        /// ```
        #[derive(Clone, Debug, PartialEq)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        #[cfg_attr(feature = "serde", serde(tag = "layer", rename_all = "kebab-case"))]
        #[non_exhaustive]
        pub enum LayerConfig {
            $(
                #[doc = concat!("[`", stringify!($layer), "`](crate::", stringify!($layer), ").")]
                $layer($layer),
            )*
            /// A custom layer, which the program that loads it makes of its name and settings.
            Own {
                /// The name by which the program knows it.
                name: String,
                /// Its settings, in a form of the program's own.
                settings: String,
            },
        }

        impl LayerConfig {
            /// The layer itself; a custom one comes from `own`.
            ///
            /// # Errors
            /// [`Error::Own`] if `own` does not know the name of one.
            pub fn layer<F: tensor::Float>(
                &self,
                own: OwnLayers<'_, F>,
            ) -> Result<std::sync::Arc<dyn Layer<F>>, Error> {
                let (make_f32, make_f64) = (make_f32 as Make<f32>, make_f64 as Make<f64>);
                tensor::for_float::<Make<F>>(&make_f32, &make_f64)(self, own)
            }

            fn make<F: tensor::Float>(
                &self,
                own: OwnLayers<'_, F>,
            ) -> Result<std::sync::Arc<dyn Layer<F>>, Error> {
                Ok(match self {
                    $(LayerConfig::$layer(layer) => std::sync::Arc::new(layer.clone()),)*
                    LayerConfig::Own { name, settings } => {
                        own(name, settings).ok_or_else(|| Error::Own { name: name.clone() })?
                    }
                })
            }

            /// The name of the layer.
            pub fn name(&self) -> &str {
                match self {
                    $(LayerConfig::$layer(layer) => Layer::<f32>::name(layer),)*
                    LayerConfig::Own { name, .. } => name,
                }
            }

            /// The activation that this layer is, where it is one with its published settings.
            pub fn activation(&self) -> Option<Activation> {
                Activation::ALL.iter().copied().find(|activation| activation.layer() == *self)
            }
        }

        type Make<F> = fn(&LayerConfig, OwnLayers<'_, F>) -> Result<std::sync::Arc<dyn Layer<F>>, Error>;

        #[inline(never)]
        fn make_f32(
            config: &LayerConfig,
            own: OwnLayers<'_, f32>,
        ) -> Result<std::sync::Arc<dyn Layer<f32>>, Error> {
            config.make(own)
        }

        #[inline(never)]
        fn make_f64(
            config: &LayerConfig,
            own: OwnLayers<'_, f64>,
        ) -> Result<std::sync::Arc<dyn Layer<f64>>, Error> {
            config.make(own)
        }

        $(
            impl From<$layer> for LayerConfig {
                fn from(layer: $layer) -> Self {
                    LayerConfig::$layer(layer)
                }
            }
        )*
    };
    (layers: $($layer:ident),*; activations: $($activation:ident $init:ident),* $(,)?) => {
        $crate::config::layer_list! { any of: $($layer,)* $($activation),* }

        /// A function that is applied to every output of an affine layer, each with its published settings.
        ///
        /// Its [`Display`](std::fmt::Display) and [`FromStr`](std::str::FromStr) are the name of its layer: `sigmoid`,
        /// `leaky-relu`, and so on.
        ///
        /// # Examples
        /// ```
        /// use chainrule_layers::Activation;
        /// assert_eq!("gelu-tanh".parse::<Activation>()?, Activation::GeluTanh);
        /// assert_eq!(Activation::LeakyRelu.to_string(), "leaky-relu");
        /// # Ok::<(), chainrule_layers::Error>(())
        /// ```
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        #[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
        #[non_exhaustive]
        #[allow(missing_docs, reason = "each is the layer of its name")]
        pub enum Activation {
            #[default]
            $($activation,)*
        }

        impl Activation {
            /// All of them.
            pub const ALL: &'static [Activation] = &[$(Activation::$activation,)*];

            /// The activation as a layer.
            pub fn layer(self) -> LayerConfig {
                match self {
                    $(Activation::$activation => LayerConfig::$activation($activation::default()),)*
                }
            }

            /// The initial weights with which the variance of the signal survives the affine layer before this function: He's
            /// for those that are 0 on one side, Xavier's for all others.
            pub fn init(self) -> tensor::Init {
                match self {
                    $(Activation::$activation => tensor::Init::$init,)*
                }
            }
        }
    };
}

pub(crate) use layer_list;
