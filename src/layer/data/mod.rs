//! Data layers: their tops come from a database, from files, from memory or from fillers.
//!
//! The label top, where there is one, has one number an item: (N). The shapes come from the source, of which the first
//! record is read, unless the user gives them: what the user gives wins over the layer's own fields, and the source is
//! left alone. Pictures may be given without the batch, which is then that of the layer. Nothing that a data layer
//! makes is saved, but some take random numbers while the net is built, see [`transform`].

use super::LayerType;
use crate::proto::caffe::FillerParameter;

mod annotated;
mod annotated_mask;
mod box_data;
mod casia;
mod clips;
mod cropping;
mod custom;
mod database;
mod dense_face;
mod dense_image;
mod disparity;
mod driving;
mod dummy;
mod enhanced;
mod frames;
mod grids;
mod ground_truth;
mod hdf5;
mod hdf5_volumes;
mod image;
mod image_label;
mod image_loc;
mod image_seg;
mod img_reader;
mod labelmap;
mod lane;
mod list;
mod mat;
mod memory;
mod multi_label;
mod resize;
mod seg;
mod several_labels;
mod smaller_side;
mod source;
mod tops;
mod transform;
mod video;
mod volumes;
mod window;

pub(super) use transform::Transform;

/// Where the tops of a data layer come from.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum DataSource {
    /// The records of a database or of files.
    Dataset,
    /// Fillers, one for each top.
    Fillers(Vec<FillerParameter>),
    /// The user of the net.
    User,
}

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[
    annotated::OF_MOBILENET_YOLO,
    annotated::OF_XILINX,
    annotated::TEXTBOXES_PP,
    annotated::TYPE,
    annotated_mask::TYPE,
    box_data::FIRST,
    casia::TYPE,
    box_data::TYPE,
    clips::OF_C3D,
    clips::OF_FIRST_C3D,
    clips::OF_VIDEO_CAFFE,
    custom::TYPE,
    database::TYPE,
    dense_face::TYPE,
    dense_image::ENET,
    dense_image::SEGNET,
    dense_image::SHARED,
    dense_image::TYPE,
    disparity::TYPE,
    dummy::TYPE,
    dummy::INPUT,
    driving::CARS,
    driving::CARS_AND_LISTS,
    driving::TEXT,
    enhanced::SEGMENTED,
    enhanced::TYPE,
    grids::CARS,
    grids::PARTS,
    frames::TYPE,
    ground_truth::DETECTION_DATA,
    ground_truth::EVAL_DATA,
    ground_truth::IMAGE_GT_DATA,
    hdf5::TYPE,
    hdf5_volumes::TYPE,
    image::TYPE,
    image::INPUT,
    image::WEIGHED,
    image_label::TYPE,
    image_loc::TYPE,
    image_seg::BINARY,
    image_seg::CLASSES,
    image_seg::INSTANCES,
    image_seg::SELECTED,
    image_seg::TYPE,
    image_seg::WINDOWS,
    img_reader::TYPE,
    labelmap::TYPE,
    lane::TYPE,
    mat::READ,
    mat::WRITE,
    memory::TYPE,
    memory::CROPPED,
    multi_label::TYPE,
    seg::TYPE,
    video::TYPE,
    volumes::BLOBS,
    volumes::DATABASE,
    volumes::SEGMENTED,
    window::TYPE,
];

#[cfg(test)]
mod tests {
    use super::TYPES;
    use crate::Shape;
    use crate::layer::testing::{Surroundings, layer};
    use crate::layer::{Draw, Setup};
    use crate::proto::caffe::Phase;

    /// A shape as the user gives it.
    pub(super) fn given(dims: &[i32]) -> Option<Shape> {
        Some(Shape::new(dims).unwrap())
    }

    /// Runs the rule of the type `name` in TRAIN; a refusal comes as "field: message".
    pub(super) fn run(name: &str, text: &str, tops: usize, user_shapes: &[Option<Shape>]) -> Result<Setup, String> {
        run_in(Phase::Train, name, text, tops, user_shapes)
    }

    fn run_in(
        phase: Phase,
        name: &str,
        text: &str,
        tops: usize,
        user_shapes: &[Option<Shape>],
    ) -> Result<Setup, String> {
        let entry = TYPES.iter().find(|entry| entry.name == name).unwrap();
        Surroundings { phase, user_shapes, ..Surroundings::default() }
            .setup(entry, &layer(text), &[], tops)
            .map_err(|refusal| format!("{}: {}", refusal.field, refusal.message))
    }

    #[test]
    fn each_type_draws_by_its_own_rule() {
        let fields = [
            ("Data", "data_param { batch_size: 2 }"),
            ("ImageData", "image_data_param { batch_size: 2 }"),
            ("WindowData", "window_data_param { batch_size: 2 }"),
            ("MemoryData", "memory_data_param { batch_size: 2 channels: 3 height: 4 width: 4 }"),
        ];
        let draws = |phase, name: &str, transform: &str| {
            let own = fields.iter().find(|(own, _)| *own == name).unwrap().1;
            let text = format!("{own} transform_param {{ {transform} }}");
            run_in(phase, name, &text, 2, &[given(&[2, 3, 4, 4])]).unwrap().draws
        };
        use Phase::{Test, Train};
        for (name, phase, transform, count) in [
            ("Data", Train, "", 1),
            ("Data", Train, "crop_size: 4", 3),
            ("Data", Test, "crop_size: 4", 1),
            ("Data", Test, "mirror: true", 3),
            ("ImageData", Train, "", 1),
            ("ImageData", Test, "mirror: true crop_size: 4", 3),
            ("WindowData", Train, "crop_size: 4", 4),
            ("WindowData", Test, "crop_size: 4", 2),
            ("MemoryData", Train, "crop_size: 4", 1),
            ("MemoryData", Test, "mirror: true", 1),
        ] {
            assert_eq!(draws(phase, name, transform), [Draw::Skip(count)], "{name} {transform}");
        }
        assert_eq!(draws(Test, "MemoryData", "crop_size: 4"), []);
    }
}
