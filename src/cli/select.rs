//! The arguments that say which layers and blobs are looked at.

use anyhow::bail;
use clap::Args;

use crate::inspect::{BlobSelection, Subject};
use crate::rules::{BlobSelector, Pattern};

#[derive(Debug, Args)]
pub(super) struct SelectArguments {
    /// Include only matching blobs; may be repeated
    #[arg(long, value_name = "GLOB[.BLOB]")]
    only: Vec<String>,

    /// Exclude matching blobs; may be repeated
    #[arg(long, value_name = "GLOB[.BLOB]")]
    except: Vec<String>,
}

impl SelectArguments {
    /// What is selected of the subject. A pattern that names nothing there can only be a mistake.
    pub(super) fn selection(&self, subject: &Subject<'_>) -> anyhow::Result<BlobSelection> {
        let selection =
            BlobSelection { only: patterns("--only", &self.only)?, except: patterns("--except", &self.except)? };
        if let Some(pattern) = selection.idle(subject) {
            let text = pattern.text();
            let option = if self.only.iter().any(|only| only == text) { "--only" } else { "--except" };
            if subject.plan.is_none() && matches!(pattern.blob(), BlobSelector::Role(_) | BlobSelector::Name(_)) {
                bail!("{option} {text}: files do not tell weights from biases; give the index of the blob, such as .0");
            }
            if let Some((layer, blob)) = text.rsplit_once('.').filter(|_| subject.has_layer(text)) {
                bail!(
                    "{option} {text}: no layer or blob has that name; the layer {text:?} is written {layer}\\.{blob}"
                );
            }
            bail!("{option} {text}: no layer or blob has that name");
        }
        Ok(selection)
    }
}

fn patterns(option: &str, texts: &[String]) -> crate::Result<Vec<Pattern>> {
    texts.iter().map(|text| Pattern::parse(option, text)).collect()
}
