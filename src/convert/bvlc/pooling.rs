//! Pooling that rounds down.

use super::draft::LayerDraft;
use crate::error::{Refusal, Result};
use crate::proto::caffe::pooling_parameter::RoundMode;

/// `ceil_mode: false` becomes `round_mode: FLOOR`; a `round_mode` beside it counts more.
pub(super) fn translate(draft: &mut LayerDraft<'_>) -> Result<Option<String>, Refusal> {
    if !draft.fields.takes("pooling_param.ceil_mode", false) {
        return Ok(None);
    }
    let param = draft.param.pooling_param.get_or_insert_default();
    if param.round_mode.is_some() {
        return Ok(Some("ceil_mode was dropped, as round_mode overrides it".to_owned()));
    }
    param.round_mode = Some(RoundMode::Floor as i32);
    Ok(Some("ceil_mode: false became round_mode: FLOOR".to_owned()))
}
