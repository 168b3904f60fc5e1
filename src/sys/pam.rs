//! One question to PAM: is this the password of this user, and may he come in?
//!
//! In: a service of `/etc/pam.d`, a login name, a password. Out: what PAM says, at which step, in its own words. The library is looked for when it
//! is needed, so that neither a build nor a system without PAM misses it. Modules are C libraries that a site chooses: never here is a process
//! that does anything else. It may crash, hang or leave things behind, and whoever has started it takes that for no answer.

use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_NOW, Symbol};
use nix::libc;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr;

/// What Linux-PAM and its modules are linked with.
const LIBRARY: &str = "libpam.so.0";
/// No application is asked more at once.
const MAX_MESSAGES: usize = 32;

/// What comes of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PamVerdict {
    /// He may come in.
    Right,
    /// He may not.
    Wrong,
    /// It cannot be said now.
    NotNow,
}

/// What was asked for last, what came of it, and PAM's words for that.
#[derive(PartialEq, Eq, Debug)]
pub struct PamAnswer {
    /// A function of PAM, or the library.
    pub step: &'static str,
    /// Its result.
    pub verdict: PamVerdict,
    /// In words.
    pub words: String,
}

/// Results of Linux-PAM's functions (`_pam_types.h`).
mod result {
    use std::ffi::c_int;
    pub(super) const SUCCESS: c_int = 0;
    pub(super) const BUF_ERR: c_int = 5;
    pub(super) const CONV_ERR: c_int = 19;
    /// PERM_DENIED, AUTH_ERR, CRED_INSUFFICIENT, USER_UNKNOWN, MAXTRIES, NEW_AUTHTOK_REQD, ACCT_EXPIRED, AUTHTOK_EXPIRED: the user, or
    /// what he has said, is at fault. All others are the system's.
    pub(super) const REFUSALS: &[c_int] = &[6, 7, 8, 10, 11, 12, 13, 27];
}

/// PAM_SILENT: modules have nobody to talk to.
const SILENT: c_int = 0x8000;

#[repr(C)]
struct Message {
    style: c_int,
    text: *const c_char,
}

#[repr(C)]
struct Reply {
    text: *mut c_char,
    code: c_int,
}

type Converse = extern "C" fn(c_int, *const *const Message, *mut *mut Reply, *mut c_void) -> c_int;

#[repr(C)]
struct Conversation {
    converse: Converse,
    known: *mut c_void,
}

/// What the conversation can tell.
struct Known {
    user: CString,
    password: CString,
}

impl Known {
    /// What a message of this style is answered; `Some(None)`: it wants no answer, `None`: there is none.
    fn answer(&self, style: c_int) -> Option<Option<&CStr>> {
        match style {
            1 => Some(Some(&self.password)),
            2 => Some(Some(&self.user)),
            3 | 4 => Some(None),
            _ => None,
        }
    }
}

/// Answers prompts: what is not shown while it is typed is the password.
extern "C" fn converse(
    count: c_int,
    messages: *const *const Message,
    replies: *mut *mut Reply,
    known: *mut c_void,
) -> c_int {
    let count = usize::try_from(count).unwrap_or(0);
    if count == 0 || count > MAX_MESSAGES || messages.is_null() || replies.is_null() || known.is_null() {
        return result::CONV_ERR;
    }
    // SAFETY: `ask` handed it over, and it lives until pam_end.
    let known = unsafe { &*known.cast::<Known>() };
    // SAFETY: PAM frees it; zeros are a Reply without a text.
    let made = unsafe { libc::calloc(count, size_of::<Reply>()) }.cast::<Reply>();
    if made.is_null() {
        return result::BUF_ERR;
    }
    for index in 0..count {
        // SAFETY: PAM hands over `count` pointers to messages, which are live during the call.
        let style = unsafe { (**messages.add(index)).style };
        let Some(answer) = known.answer(style) else {
            give_up(made, count);
            return result::CONV_ERR;
        };
        // SAFETY: below `count`, which was asked for; strdup's copy is PAM's to free.
        unsafe {
            (*made.add(index)).text = answer.map_or(ptr::null_mut(), |text| libc::strdup(text.as_ptr()))
        };
    }
    // SAFETY: not null, and PAM's to be written to.
    unsafe { *replies = made };
    result::SUCCESS
}

/// Frees replies that PAM does not get.
fn give_up(made: *mut Reply, count: usize) {
    for index in 0..count {
        // SAFETY: all are ours: strdup's, or null, which free takes.
        unsafe { libc::free((*made.add(index)).text.cast()) };
    }
    // SAFETY: calloc's, and nobody else has it.
    unsafe { libc::free(made.cast()) };
}

type Start =
    unsafe extern "C" fn(*const c_char, *const c_char, *const Conversation, *mut *mut c_void) -> c_int;
type WithNumber = unsafe extern "C" fn(*mut c_void, c_int) -> c_int;
type InWords = unsafe extern "C" fn(*mut c_void, c_int) -> *const c_char;

/// The functions of the library, which stays loaded.
struct Pam {
    start: Symbol<Start>,
    authenticate: Symbol<WithNumber>,
    account: Symbol<WithNumber>,
    end: Symbol<WithNumber>,
    in_words: Symbol<InWords>,
    _library: Library,
}

impl Pam {
    fn load() -> Result<Self, libloading::Error> {
        // SAFETY: what a library does while it is loaded is its own affair; this process has nothing to lose. The types are those of
        // security/pam_appl.h, which Linux-PAM has kept since its beginnings. Modules want the library's symbols: hence global.
        unsafe {
            let library = Library::open(Some(LIBRARY), RTLD_NOW | RTLD_GLOBAL)?;
            Ok(Self {
                start: library.get(b"pam_start\0")?,
                authenticate: library.get(b"pam_authenticate\0")?,
                account: library.get(b"pam_acct_mgmt\0")?,
                end: library.get(b"pam_end\0")?,
                in_words: library.get(b"pam_strerror\0")?,
                _library: library,
            })
        }
    }

    /// A result in PAM's words.
    fn told(&self, handle: *mut c_void, step: &'static str, code: c_int) -> PamAnswer {
        // SAFETY: any number is allowed, and the handle is not looked at; the text is a constant of the library's.
        let text = unsafe { (self.in_words)(handle, code) };
        let words = match text.is_null() {
            true => format!("error {code}"),
            // SAFETY: not null, and ends with a NUL.
            false => unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned(),
        };
        PamAnswer { step, verdict: verdict(code), words }
    }

    fn ask(&self, service: &CStr, known: &Known) -> PamAnswer {
        let conversation = Conversation { converse, known: ptr::from_ref(known).cast_mut().cast() };
        let mut handle = ptr::null_mut();
        // SAFETY: all pointers are to live values, and the conversation outlives pam_end below.
        let started = unsafe {
            (self.start)(service.as_ptr(), known.user.as_ptr(), &raw const conversation, &raw mut handle)
        };
        if started != result::SUCCESS {
            return self.told(ptr::null_mut(), "pam_start", started);
        }
        let steps = [("pam_authenticate", &self.authenticate), ("pam_acct_mgmt", &self.account)];
        let (mut step, mut code) = ("pam_start", started);
        for (name, function) in steps {
            // SAFETY: the handle is that of pam_start, which went well.
            (step, code) = (name, unsafe { function(handle, SILENT) });
            if code != result::SUCCESS {
                break;
            }
        }
        let told = self.told(handle, step, code);
        // SAFETY: the handle is used no more.
        unsafe { (self.end)(handle, code) };
        told
    }
}

fn verdict(code: c_int) -> PamVerdict {
    match code {
        result::SUCCESS => PamVerdict::Right,
        refusal if result::REFUSALS.contains(&refusal) => PamVerdict::Wrong,
        _ => PamVerdict::NotNow,
    }
}

/// Asks pam_authenticate, then pam_acct_mgmt; texts with a NUL are nobody's.
pub fn ask_pam(service: &str, user: &[u8], password: &[u8]) -> PamAnswer {
    let texts = (CString::new(service), CString::new(user), CString::new(password));
    let (Ok(service), Ok(user), Ok(password)) = texts else {
        return PamAnswer {
            step: "pam_start",
            verdict: PamVerdict::Wrong,
            words: String::from("a NUL is no text"),
        };
    };
    match Pam::load() {
        Ok(pam) => pam.ask(&service, &Known { user, password }),
        Err(error) => PamAnswer {
            step: LIBRARY,
            verdict: PamVerdict::NotNow,
            words: format!("cannot be loaded: {error}"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a module gets for prompts of these styles.
    fn asked(styles: &[c_int]) -> Result<Vec<Option<String>>, c_int> {
        let known = Known { user: c"alice".into(), password: c"secret".into() };
        let messages: Vec<Message> =
            styles.iter().map(|style| Message { style: *style, text: c"?".as_ptr() }).collect();
        let pointers: Vec<*const Message> = messages.iter().map(ptr::from_ref).collect();
        let mut replies = ptr::null_mut();
        let count = c_int::try_from(styles.len()).expect("few");
        let known = ptr::from_ref(&known).cast_mut().cast();
        match converse(count, pointers.as_ptr(), &raw mut replies, known) {
            result::SUCCESS => {}
            code => return Err(code),
        }
        let text = |index| {
            // SAFETY: there are as many replies as messages, with strdup's copies.
            let text = unsafe { (*replies.add(index)).text };
            // SAFETY: not null: it ends with a NUL.
            (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned())
        };
        let texts = (0..styles.len()).map(text).collect();
        give_up(replies, styles.len());
        Ok(texts)
    }

    #[test]
    fn prompts_are_answered_by_their_style() {
        let (user, password) = (Some("alice".to_owned()), Some("secret".to_owned()));
        assert_eq!(asked(&[2, 1, 3, 4]), Ok(vec![user, password, None, None]));
        assert_eq!(asked(&[1, 7]), Err(result::CONV_ERR), "a binary prompt");
        assert_eq!(asked(&[]), Err(result::CONV_ERR));
        assert_eq!(asked(&[1; MAX_MESSAGES + 1]), Err(result::CONV_ERR));
    }

    #[test]
    fn only_what_the_user_can_be_blamed_for_is_a_refusal() {
        assert_eq!(verdict(0), PamVerdict::Right);
        for refusal in [6, 7, 8, 10, 11, 12, 13, 27] {
            assert_eq!(verdict(refusal), PamVerdict::Wrong, "{refusal}");
        }
        for trouble in [1, 2, 3, 4, 5, 9, 19, 25, 26, 28, 31, 1000, -1] {
            assert_eq!(verdict(trouble), PamVerdict::NotNow, "{trouble}");
        }
    }

    #[test]
    fn a_nul_is_no_text() {
        assert_eq!(ask_pam("smtp", b"alice\0root", b"secret").verdict, PamVerdict::Wrong);
        assert_eq!(ask_pam("smtp", b"alice", b"sec\0ret").verdict, PamVerdict::Wrong);
    }
}
