//! Properties of the stream.
