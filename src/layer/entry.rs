//! The type of the entries of the layer table.

use std::fmt;
use std::sync::Arc;

use super::{Arity, Deployment, LayerNature, Setup, SetupContext, Signal, ZeroStart};
use crate::dialect::{Dialect, Known};
use crate::error::{Refusal, ensure};
use crate::net::can_name;
use crate::proto::caffe::LayerParameter;

/// A layer's rule: from what it sees of the net to its operator, shapes, blobs and draws.
///
/// Implemented by every matching function; implement it yourself for a layer type with state.
pub trait Layer: Send + Sync {
    /// Sets the layer up. The numbers of bottoms and tops have been checked against the [`LayerType`].
    ///
    /// # Errors
    /// Caffe would refuse the layer, or would do something undefined.
    fn setup(&self, ctx: &SetupContext<'_>) -> Result<Setup, Refusal>;
}

impl<F: Fn(&SetupContext<'_>) -> Result<Setup, Refusal> + Send + Sync> Layer for F {
    fn setup(&self, ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
        self(ctx)
    }
}

/// What becomes of a layer some of whose bottoms have no known shape, as a layer before is of a type that nobody knows.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Shapeless {
    /// It is refused: it may have blobs whose shapes follow.
    Refused,
    /// It has no blobs of its own and draws nothing, so that nothing is lost: its tops have no known shape either.
    PassedOn {
        /// The loss weight that it is saved with where the net gives none.
        loss_weight: Option<f32>,
    },
    /// Its rule copes with that.
    LeftToRule,
}

/// One entry of the table: a layer type with its documentation, its rule, and what it is good for.
#[derive(Clone)]
#[non_exhaustive]
pub struct LayerType {
    /// The `type` of a layer.
    pub name: &'static str,
    /// What the layer does, in a line.
    pub summary: &'static str,
    /// The fields of `LayerParameter` that hold its settings.
    pub params: &'static [&'static str],
    /// How many bottoms it takes.
    pub bottoms: Arity,
    /// How many tops it makes.
    pub tops: Arity,
    /// Whether there must be as many tops as bottoms.
    pub tops_match_bottoms: bool,
    /// A number between the fewest bottoms and the most that the rule refuses.
    pub never_bottoms: Option<usize>,
    /// Whether tops missing from the net, up to the smallest number allowed, are added without a name.
    pub auto_tops: bool,
    /// What becomes of a signal on its way through a layer of the type.
    pub signal: fn(&LayerParameter) -> Signal,
    /// How a layer of the type starts whose weights are all zero.
    pub zero_start: ZeroStart,
    /// The bottoms that say from where a layer of the type takes its input.
    pub offset_bottoms: &'static [usize],
    /// Whether the shapes of a layer's tops follow from Caffe's random numbers. Only then the rule sees the
    /// [generator](SetupContext::generator), since all draws of the layers before have to be made for it.
    pub shaped_by_draws: fn(&LayerParameter) -> bool,
    /// What becomes of a layer some of whose bottoms have no known shape.
    pub shapeless: Shapeless,
    /// What becomes of a layer of the type in a net that is deployed.
    pub deployment: fn(&LayerParameter) -> Deployment,
    /// Whether layers of the type run on one of several engines, where a Caffe has these.
    pub has_engines: bool,
    /// The dialects that know the type, or this meaning of its name.
    pub known: Known,
    rule: SetupRule,
}

/// The rule of an entry: one of the program's own, or one that comes with its state.
#[derive(Clone)]
enum SetupRule {
    Static(&'static dyn Layer),
    Shared(Arc<dyn Layer>),
}

impl fmt::Debug for LayerType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LayerType").field("name", &self.name).finish_non_exhaustive()
    }
}

impl LayerType {
    /// An entry for a type whose tops are all named in the net, and that does not keep a signal.
    pub const fn new(
        name: &'static str,
        summary: &'static str,
        bottoms: Arity,
        tops: Arity,
        rule: &'static dyn Layer,
    ) -> LayerType {
        LayerType::with_rule(name, summary, bottoms, tops, SetupRule::Static(rule))
    }

    /// Whether nets of a dialect can have layers of this type, in this meaning of its name.
    pub fn is_known_in(&self, dialect: &Dialect) -> bool {
        self.known.includes(dialect) && can_name(self.name, dialect)
    }

    /// The same for a rule that may hold state.
    ///
    /// ```
    /// use caffemodel::layer::{Arity, LayerRegistry, LayerType, Operator, Setup, SetupContext};
    ///
    /// let factor = 2;
    /// let rule = move |ctx: &SetupContext<'_>| {
    ///     let dims: Vec<i32> = ctx.bottom(0).dims().iter().map(|dim| dim * factor).collect();
    ///     Ok(Setup::new(ctx, Operator::Opaque, [caffemodel::Shape::new(dims).unwrap()]))
    /// };
    /// let one = Arity::exactly(1);
    /// let mut layers = LayerRegistry::default();
    /// layers.register(LayerType::stateful("Enlarge", "Makes every axis longer", one, one, rule));
    /// assert!(layers.get("Enlarge").is_some());
    /// ```
    pub fn stateful(
        name: &'static str,
        summary: &'static str,
        bottoms: Arity,
        tops: Arity,
        rule: impl Layer + 'static,
    ) -> LayerType {
        LayerType::with_rule(name, summary, bottoms, tops, SetupRule::Shared(Arc::new(rule)))
    }

    const fn with_rule(
        name: &'static str,
        summary: &'static str,
        bottoms: Arity,
        tops: Arity,
        rule: SetupRule,
    ) -> LayerType {
        LayerType {
            name,
            summary,
            params: &[],
            bottoms,
            tops,
            tops_match_bottoms: false,
            never_bottoms: None,
            auto_tops: false,
            signal: |_| Signal::Lost,
            zero_start: ZeroStart::Dead,
            offset_bottoms: &[],
            shaped_by_draws: |_| false,
            shapeless: Shapeless::Refused,
            deployment: |_| Deployment::Kept,
            has_engines: false,
            known: Known::Everywhere,
            rule,
        }
    }

    /// Says which dialects know the type. One name may have several entries, of different dialects.
    #[must_use]
    pub const fn known(mut self, known: Known) -> LayerType {
        self.known = known;
        self
    }

    /// Names the fields of `LayerParameter` that hold the settings.
    #[must_use]
    pub const fn params(mut self, params: &'static [&'static str]) -> LayerType {
        self.params = params;
        self
    }

    /// Asks for as many tops as bottoms.
    #[must_use]
    pub const fn matching_tops(mut self) -> LayerType {
        self.tops_match_bottoms = true;
        self
    }

    /// Never takes so many bottoms, though it takes fewer and more: the rule says why.
    #[must_use]
    pub const fn never_takes(mut self, bottoms: usize) -> LayerType {
        self.never_bottoms = Some(bottoms);
        self
    }

    /// Has missing tops added without a name.
    #[must_use]
    pub const fn auto_tops(mut self) -> LayerType {
        self.auto_tops = true;
        self
    }

    /// Says what becomes of a signal.
    #[must_use]
    pub const fn signal(mut self, signal: fn(&LayerParameter) -> Signal) -> LayerType {
        self.signal = signal;
        self
    }

    /// Says how a layer of the type starts whose weights are all zero.
    #[must_use]
    pub const fn zero_start(mut self, zero_start: ZeroStart) -> LayerType {
        self.zero_start = zero_start;
        self
    }

    /// Names the bottoms that say from where a layer of the type takes its input.
    #[must_use]
    pub const fn offset_bottoms(mut self, bottoms: &'static [usize]) -> LayerType {
        self.offset_bottoms = bottoms;
        self
    }

    /// What the type is good for, for this layer.
    pub fn nature(&self, layer: &LayerParameter) -> LayerNature {
        let &LayerType { zero_start, offset_bottoms, .. } = self;
        LayerNature { signal: (self.signal)(layer), zero_start, offset_bottoms }
    }

    /// Says that every layer of the type keeps a signal.
    #[must_use]
    pub const fn keeps_signal(self) -> LayerType {
        self.signal(|_| Signal::Kept)
    }

    /// Says for which layers the shapes of the tops follow from Caffe's random numbers.
    #[must_use]
    pub const fn shaped_by_draws(mut self, shaped: fn(&LayerParameter) -> bool) -> LayerType {
        self.shaped_by_draws = shaped;
        self
    }

    /// Says that layers of the type have no blobs of their own and draw nothing.
    #[must_use]
    pub const fn weightless(mut self) -> LayerType {
        self.shapeless = Shapeless::PassedOn { loss_weight: None };
        self
    }

    /// Says that layers of the type are losses, which have no blobs of their own and draw nothing.
    #[must_use]
    pub const fn loss(mut self) -> LayerType {
        self.shapeless = Shapeless::PassedOn { loss_weight: Some(1.0) };
        self
    }

    /// Says what becomes of layers of the type in a net that is deployed.
    #[must_use]
    pub const fn deployed(mut self, deployment: fn(&LayerParameter) -> Deployment) -> LayerType {
        self.deployment = deployment;
        self
    }

    /// Says that layers of the type bring data, which becomes inputs of a net that is deployed.
    #[must_use]
    pub const fn brings_data(self) -> LayerType {
        self.deployed(|_| Deployment::Input)
    }

    /// Says that layers of the type measure or record predictions, and go from a net that is deployed.
    #[must_use]
    pub const fn measures(self) -> LayerType {
        self.deployed(|_| Deployment::Measure)
    }

    /// Says that layers of the type are losses of one prediction, their first bottom, and go from a net that is
    /// deployed.
    #[must_use]
    pub const fn judges_first(self) -> LayerType {
        self.deployed(|_| Deployment::Loss { predictions: 1 })
    }

    /// Says that layers of the type are losses of predictions, their first two bottoms, and go from a net that is
    /// deployed.
    #[must_use]
    pub const fn judges_both(self) -> LayerType {
        self.deployed(|_| Deployment::Loss { predictions: 2 })
    }

    /// Says that layers of the type are losses of a softmax, which stands in for them in a net that is deployed.
    #[must_use]
    pub const fn loss_of_softmax(self) -> LayerType {
        self.deployed(|_| Deployment::LossOf("Softmax"))
    }

    /// Says that the rule of the type copes with bottoms whose shapes are not known, and that are
    /// [unshaped](crate::Shape::unshaped) then.
    #[must_use]
    pub const fn copes_without_shapes(mut self) -> LayerType {
        self.shapeless = Shapeless::LeftToRule;
        self
    }

    /// Says that layers of the type run on one of several engines.
    #[must_use]
    pub const fn with_engines(mut self) -> LayerType {
        self.has_engines = true;
        self
    }

    /// Runs the rule; see [`Layer::setup`].
    ///
    /// # Errors
    /// Those of the rule.
    pub fn setup(&self, ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
        match &self.rule {
            SetupRule::Static(rule) => rule.setup(ctx),
            SetupRule::Shared(rule) => rule.setup(ctx),
        }
    }

    /// Checks the numbers of bottoms and tops (automatic ones included).
    ///
    /// # Errors
    /// The type does not take that many.
    pub fn check_counts(&self, bottoms: usize, tops: usize) -> Result<(), Refusal> {
        let name = self.name;
        let (takes, makes) = (self.bottoms, self.tops);
        ensure!(takes.allows(bottoms), "bottom", "{name} takes {}, {bottoms} given", takes.of("bottom"));
        ensure!(makes.allows(tops), "top", "{name} makes {}, {tops} given", makes.of("top"));
        ensure!(
            !self.tops_match_bottoms || tops == bottoms,
            "top",
            "{name} makes one top for each bottom: {bottoms} bottoms, {tops} tops"
        );
        Ok(())
    }
}
