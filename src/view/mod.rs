//! Other readings of bytes: what they say once their escapes are undone. A view takes bytes one by one
//! and gives bytes, each with the place of the input bytes that it stands for.
