//! One member of a container, sought by the way to it.

use super::{Images, Unpack};
use crate::archive::Limits;
use crate::error::Skipped;
use crate::origin::Origin;
use crate::source::Visit;
use crate::text::Reading;
use std::io::Read;
use zeroize::Zeroizing;

/// Longer members are not held, in bytes: 1 GiB.
const LARGEST: u64 = 1 << 30;

/// Takes the one member that is sought.
struct Finder<'w> {
    way: &'w str,
    found: Option<(Origin, Zeroizing<Vec<u8>>)>,
}

impl Visit for Finder<'_> {
    fn blob(&mut self, origin: Origin, bytes: &[u8]) {
        if self.found.is_none() && origin.way() == self.way {
            self.found = Some((origin, Zeroizing::new(bytes.to_vec())));
        }
    }

    fn stream(&mut self, origin: Origin, reader: &mut dyn Read) {
        if self.found.is_none() && origin.way() == self.way {
            let mut bytes = Zeroizing::new(Vec::new());
            // What could be read is shown; who opens the container tells of trouble.
            let _ = reader.take(LARGEST).read_to_end(&mut bytes);
            self.found = Some((origin, bytes));
        }
    }

    fn reading(&mut self, origin: Origin, bytes: &[u8], reading: &Reading) {
        let part = reading.part(bytes.len());
        match &mut self.found {
            // More of the log that was found.
            Some((found, all)) if part.offset > 0 && *found == origin => {
                all.extend_from_slice(&bytes[part.own]);
                all.truncate(LARGEST as usize);
            }
            Some(_) => {}
            None => self.blob(origin, &bytes[..part.own.end]),
        }
    }

    fn skip(&mut self, _: Skipped) {}
}

/// The member that the way `way`, as in `!/layer/app.jar!/config.yml`, leads to from the container at
/// `origin`, with its own origin. The first, where several have that name.
pub fn member(origin: Origin, bytes: &[u8], way: &str) -> Option<(Origin, Zeroizing<Vec<u8>>)> {
    let images = Images::default();
    let mut finder = Finder { way, found: None };
    Unpack::new(&mut finder, Limits::default(), &images, None).blob(origin, bytes);
    finder.found
}

/// A place in a container in its parts, as in `outer.tar!/layer/app.jar!/config.yml`: the outermost
/// container and the way from there.
pub fn split(place: &str) -> Option<(&str, &str)> {
    let at = place.find("!/").filter(|&at| at > 0)?;
    Some(place.split_at(at))
}
