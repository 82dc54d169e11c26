//! The protobuf messages of an event file, as far as they are written here: the parts of TensorFlow's `event.proto`,
//! `summary.proto` and `tensor.proto` with their field numbers.

use prost::{Message, Oneof};

/// One event.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Event {
    /// Unix seconds.
    #[prost(double, tag = "1")]
    pub(super) wall_time: f64,
    #[prost(int64, tag = "2")]
    pub(super) step: i64,
    #[prost(oneof = "What", tags = "3, 5, 7")]
    pub(super) what: Option<What>,
}

/// What happened.
#[derive(Clone, PartialEq, Oneof)]
pub(super) enum What {
    /// `brain.Event:2`, in the first event of a file.
    #[prost(string, tag = "3")]
    FileVersion(String),
    #[prost(message, tag = "5")]
    Summary(Summary),
    #[prost(message, tag = "7")]
    SessionLog(SessionLog),
}

impl Event {
    pub(super) fn new(wall_time: f64, step: u64, what: What) -> Self {
        Self { wall_time, step: i64::try_from(step).unwrap_or(i64::MAX), what: Some(what) }
    }
}

/// With [`START`](Self::START), a reader forgets the events of before whose step is the same or greater.
#[derive(Clone, PartialEq, Message)]
pub(super) struct SessionLog {
    #[prost(int32, tag = "1")]
    pub(super) status: i32,
}

impl SessionLog {
    pub(super) const START: Self = Self { status: 1 };
}

/// Values under their tags.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Summary {
    #[prost(message, repeated, tag = "1")]
    pub(super) value: Vec<Value>,
}

/// One value: of `simple_value`, `image` and `tensor`, one is there. (In the original, they are a `oneof`.)
#[derive(Clone, PartialEq, Message)]
pub(super) struct Value {
    #[prost(string, tag = "1")]
    pub(super) tag: String,
    #[prost(float, optional, tag = "2")]
    pub(super) simple_value: Option<f32>,
    #[prost(message, optional, tag = "4")]
    pub(super) image: Option<Image>,
    #[prost(message, optional, tag = "8")]
    pub(super) tensor: Option<Tensor>,
    #[prost(message, optional, tag = "9")]
    pub(super) metadata: Option<Metadata>,
}

/// An encoded picture.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Image {
    #[prost(int32, tag = "1")]
    pub(super) height: i32,
    #[prost(int32, tag = "2")]
    pub(super) width: i32,
    /// Channels.
    #[prost(int32, tag = "3")]
    pub(super) colorspace: i32,
    #[prost(bytes = "vec", tag = "4")]
    pub(super) encoded_image_string: Vec<u8>,
}

/// A tensor of strings.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Tensor {
    #[prost(int32, tag = "1")]
    dtype: i32,
    #[prost(message, optional, tag = "2")]
    shape: Option<Shape>,
    #[prost(bytes = "vec", repeated, tag = "8")]
    string_val: Vec<Vec<u8>>,
}

impl Tensor {
    /// A scalar: one text, UTF-8.
    pub(super) fn of_text(text: Vec<u8>) -> Self {
        const STRING: i32 = 7;
        Self { dtype: STRING, shape: Some(Shape {}), string_val: vec![text] }
    }
}

/// The shape of a scalar: no dimension.
#[derive(Clone, PartialEq, Message)]
struct Shape {}

/// Which plugin shows a value.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Metadata {
    #[prost(message, optional, tag = "1")]
    plugin_data: Option<PluginData>,
    #[prost(int32, tag = "4")]
    data_class: i32,
}

impl Metadata {
    /// For a plugin that takes tensors.
    pub(super) fn of_plugin(name: &str) -> Self {
        const TENSOR: i32 = 2;
        Self { plugin_data: Some(PluginData { plugin_name: name.to_owned() }), data_class: TENSOR }
    }
}

#[derive(Clone, PartialEq, Message)]
struct PluginData {
    #[prost(string, tag = "1")]
    plugin_name: String,
}
