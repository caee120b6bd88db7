//! The plugin ABI of openclaw, 1.0: what plugin.h of the SDK says, in Rust. SPDX-License-Identifier: MIT
#![allow(dead_code)]

use std::ffi::{c_char, c_void, CStr};
use std::ptr;

pub const ABI_MAJOR: u16 = 1;
pub const ABI_MINOR: u16 = 0;

pub const OK: i32 = 0;
pub const E_RETRY: i32 = -1;
pub const E_TIMEOUT: i32 = -2;
pub const E_CANCELLED: i32 = -3;
pub const E_CONFIG: i32 = -4;
pub const E_DENIED: i32 = -6;
pub const E_NOT_FOUND: i32 = -7;
pub const E_PERMANENT: i32 = -10;
pub const E_INTERNAL: i32 = -11;

pub const RECORD_SAMPLE: u32 = 1;
pub const RECORD_STATUS: u32 = 2;
pub const RECORD_JSON: u32 = 5;
pub const STATE_OK: i32 = 0;
pub const STATE_WARNING: i32 = 1;
pub const STATE_CRITICAL: i32 = 2;

pub const OPT_INT: u32 = 2;
pub const OPT_STRING: u32 = 6;
pub const OPT_PATH: u32 = 9;
pub const OPT_REQUIRED: u32 = 1;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct View {
    pub ptr: *const c_char,
    pub len: u64,
}

#[repr(C)]
pub struct Label {
    pub name: View,
    pub value: View,
}

#[repr(C)]
pub struct Error {
    pub struct_size: u32,
    pub code: i32,
    pub message: [u8; 512],
    pub hint: [u8; 256],
}

#[repr(C)]
pub struct Record {
    pub struct_size: u32,
    pub kind_of_record: u32,
    pub name: View,
    pub text: View,
    pub value: f64,
    pub time_ms: i64,
    pub kind: u32,
    pub state: i32,
    pub label_count: u32,
    pub reserved: u32,
    pub labels: *const Label,
}

#[repr(C)]
pub struct Sink {
    pub struct_size: u32,
    pub reserved: u32,
    pub ctx: *mut c_void,
    pub emit: Option<unsafe extern "C" fn(*mut c_void, *const Record) -> i32>,
    pub flush: Option<unsafe extern "C" fn(*mut c_void) -> i32>,
}

#[repr(C)]
pub struct Request {
    pub struct_size: u32,
    pub reserved: u32,
    pub params: View,
    pub deadline_ms: i64,
    pub time_ms: i64,
    pub cancel: *const i32,
    pub read: Option<unsafe extern "C" fn(*mut c_void, *mut c_void, u64) -> i64>,
    pub read_ctx: *mut c_void,
}

#[repr(C)]
pub struct Host {
    pub struct_size: u32,
    pub abi_major: u16,
    pub abi_minor: u16,
    pub ctx: *mut c_void,
    pub instance: *const c_char,
    pub plugin_dir: *const c_char,
    pub call: *const c_void,
    pub log: *const c_void,
}

#[repr(C)]
pub struct OptionRow {
    pub name: *const c_char,
    pub type_of_value: u32,
    pub flags: u32,
    pub offset: u32,
    pub item_size: u32,
    pub default_text: *const c_char,
    pub choices: *const c_char,
    pub min: f64,
    pub max: f64,
    pub options: *const OptionRow,
    pub help: *const c_char,
}

pub type MethodFn = unsafe extern "C" fn(*mut c_void, *const Request, *const Sink, *mut Error) -> i32;

#[repr(C)]
pub struct Method {
    pub id: *const c_char,
    pub call: Option<MethodFn>,
}

#[repr(C)]
pub struct Entry {
    pub struct_size: u32,
    pub abi_major: u16,
    pub abi_minor: u16,
    pub option_size: u32,
    pub method_size: u32,
    pub instance_size: u64,
    pub options: *const OptionRow,
    pub start: Option<unsafe extern "C" fn(*mut c_void, *const Host, *mut Error) -> i32>,
    pub stop: Option<unsafe extern "C" fn(*mut c_void)>,
    pub methods: *const Method,
}

// Tables of constants: nothing in them is ever written.
unsafe impl Sync for Entry {}
unsafe impl Sync for OptionRow {}
unsafe impl Sync for Method {}

/// The end of a table of options.
pub const LAST_OPTION: OptionRow = OptionRow {
    name: ptr::null(),
    type_of_value: 0,
    flags: 0,
    offset: 0,
    item_size: 0,
    default_text: ptr::null(),
    choices: ptr::null(),
    min: 0.0,
    max: 0.0,
    options: ptr::null(),
    help: ptr::null(),
};
/// The end of a table of methods.
pub const LAST_METHOD: Method = Method { id: ptr::null(), call: None };

/// A text with its NUL at the end, as a C string.
#[macro_export]
macro_rules! c {
    ($text:expr) => {
        concat!($text, "\0").as_ptr() as *const std::ffi::c_char
    };
}

const fn none() -> View {
    View { ptr: ptr::null(), len: 0 }
}

fn view(text: &str) -> View {
    View { ptr: text.as_ptr() as *const c_char, len: text.len() as u64 }
}

fn empty(kind_of_record: u32) -> Record {
    Record {
        struct_size: std::mem::size_of::<Record>() as u32,
        kind_of_record,
        name: none(),
        text: none(),
        value: 0.0,
        time_ms: 0,
        kind: 0,
        state: 0,
        label_count: 0,
        reserved: 0,
        labels: ptr::null(),
    }
}

impl Sink {
    fn put(&self, record: &Record) -> i32 {
        match self.emit {
            Some(emit) => unsafe { emit(self.ctx, record) },
            None => E_INTERNAL,
        }
    }

    pub fn gauge(&self, name: &str, value: f64) -> i32 {
        self.put(&Record { name: view(name), value, ..empty(RECORD_SAMPLE) })
    }

    pub fn status(&self, target: &str, state: i32, text: &str) -> i32 {
        self.put(&Record { name: view(target), state, text: view(text), ..empty(RECORD_STATUS) })
    }
}

impl Request {
    pub fn cancelled(&self) -> bool {
        !self.cancel.is_null() && unsafe { ptr::read_volatile(self.cancel) } != 0
    }
}

impl Error {
    /// Fills the error and returns its code.
    pub fn fail(&mut self, code: i32, text: &str) -> i32 {
        let mut end = text.len().min(self.message.len() - 1);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        self.code = code;
        self.message[..end].copy_from_slice(&text.as_bytes()[..end]);
        self.message[end] = 0;
        code
    }
}

/// An option that the host wrote; "" when it is not set.
///
/// # Safety
/// `text` is what the host wrote into an option of type STRING or PATH.
pub unsafe fn text<'a>(text: *const c_char) -> &'a str {
    if text.is_null() {
        return "";
    }
    CStr::from_ptr(text).to_str().unwrap_or("")
}
