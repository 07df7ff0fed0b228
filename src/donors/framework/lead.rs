//! What to do where nothing of a donor was taken.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::FRAMEWORKS;
use crate::donors::Matcher;
use crate::error::Error;
use crate::formats::map::FileMap;
use crate::formats::{Format, FormatEntry, StoredNet};
use crate::setting::{Advice, Setting};

/// Says how a file is read whose keys are those of a framework, as it was read as one of Caffe's.
pub(in crate::donors) fn of_names(net: &StoredNet) -> Option<Advice> {
    net.format.filter(|format| matches!(format, Format::Npz | Format::Safetensors))?;
    of_keys(net)
}

/// The error for an HDF5 file that is none of Caffe's; what to do about it if its keys are those of a framework.
pub(in crate::donors) fn explained(error: Error, file: &Arc<FileMap>) -> Error {
    let format = FormatEntry::of_file(file).ok().filter(|entry| entry.format == Format::Hdf5);
    let lead = format.and_then(|format| of_keys(&format.open_arrays(file).ok()?));
    match (error, lead) {
        (Error::Input(mut diagnostics), Some(lead)) => {
            diagnostics.iter_mut().for_each(|diagnostic| diagnostic.help = Some(lead.clone()));
            Error::Input(diagnostics)
        }
        (error, _) => error,
    }
}

fn of_keys(net: &StoredNet) -> Option<Advice> {
    let knows = |key: &str| FRAMEWORKS.iter().position(|framework| (framework.split)(key).is_some());
    let mut counts = vec![0; FRAMEWORKS.len()];
    net.layers.iter().filter_map(|layer| knows(&layer.name)).for_each(|index| counts[index] += 1);
    let index = counts.iter().position(|&count| 2 * count > net.layers.len())?;
    let framework = &FRAMEWORKS[index];
    let before = format!("its arrays have {} names: take them with ", framework.title);
    Some(Advice::naming(before, Setting::Framework(framework.name), ""))
}

impl Matcher<'_> {
    /// Says how names are renamed of which most have the same prefix in front of a name of the net.
    pub(in crate::donors) fn prefix<'a>(&self, names: impl Iterator<Item = &'a str>) -> Option<Advice> {
        let (mut prefixes, mut count): (BTreeMap<&str, usize>, _) = (BTreeMap::new(), 0);
        for name in names {
            count += 1;
            let ends = name.match_indices(['.', '/']).map(|(place, _)| place + 1);
            let mut prefix = ends.filter(|&end| self.targets.contains_key(&name[end..]));
            prefix.next().into_iter().for_each(|end| *prefixes.entry(&name[..end]).or_default() += 1);
        }
        let (prefix, _) = prefixes.into_iter().find(|(_, found)| 2 * found > count)?;
        let rename = Setting::Rename(format!("{prefix}*=*"));
        Some(Advice::naming("the names of its modules have a prefix: ", rename, " removes it"))
    }
}
