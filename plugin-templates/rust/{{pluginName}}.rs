//! The plugin {{pluginDisplayName}}: {{pluginDescription}}. SPDX-License-Identifier: MIT
//!
//! As it stands it counts the files of a folder. Only what `openclaw_abi.rs` declares crosses the line to the host; a panic ends
//! the process of the plugin, and nothing else.

#[macro_use]
mod openclaw_abi;

use openclaw_abi::*;
use std::ffi::{c_char, c_void};
use std::io::ErrorKind;

#[repr(C)]
struct Instance {
    path: *const c_char, // option
}

static OPTIONS: [OptionRow; 2] = [
    OptionRow {
        name: c!("path"),
        type_of_value: OPT_PATH,
        flags: OPT_REQUIRED,
        offset: 0,
        help: c!("the folder that is looked at"),
        ..LAST_OPTION
    },
    LAST_OPTION,
];

/// Files and bytes; None when the host wants no answer any more.
fn count(folder: &str, request: &Request) -> std::io::Result<Option<(f64, f64)>> {
    let (mut files, mut bytes) = (0.0, 0.0);
    for entry in std::fs::read_dir(folder)? {
        if request.cancelled() {
            return Ok(None);
        }
        let data = match entry?.metadata() {
            Err(problem) if problem.kind() == ErrorKind::NotFound => continue, // gone since it was listed
            data => data?,
        };
        if data.is_file() {
            files += 1.0;
            bytes += data.len() as f64;
        }
    }
    Ok(Some((files, bytes)))
}

unsafe extern "C" fn collect(
    instance: *mut c_void,
    request: *const Request,
    sink: *const Sink,
    error: *mut Error,
) -> i32 {
    let (me, request, sink) = (&*(instance as *const Instance), &*request, &*sink);
    let folder = text(me.path);
    match count(folder, request) {
        Ok(Some((files, bytes))) => {
            sink.gauge("{{pluginIdentifier}}.files", files);
            sink.gauge("{{pluginIdentifier}}.size_bytes", bytes);
            sink.status("", STATE_OK, &format!("{} files", files))
        }
        Ok(None) => (*error).fail(E_CANCELLED, "cancelled"),
        Err(_) => (*error).fail(E_CONFIG, &format!("cannot read {}", folder)),
    }
}

static METHODS: [Method; 2] = [Method { id: c!("collector.collect/1"), call: Some(collect) }, LAST_METHOD];

#[no_mangle]
#[allow(non_upper_case_globals)]
pub static oc_plugin_entry: Entry = Entry {
    struct_size: std::mem::size_of::<Entry>() as u32,
    abi_major: ABI_MAJOR,
    abi_minor: ABI_MINOR,
    option_size: std::mem::size_of::<OptionRow>() as u32,
    method_size: std::mem::size_of::<Method>() as u32,
    instance_size: std::mem::size_of::<Instance>() as u64,
    options: OPTIONS.as_ptr(),
    start: None,
    stop: None,
    methods: METHODS.as_ptr(),
};
