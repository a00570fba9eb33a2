//! A throw-away certificate, and the authority that signed it.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use super::binaries;
use super::service::run;

/// Whether OpenSSL's program is there to make one; says so where not.
pub(super) fn can_be_made() -> bool {
    let is_there = binaries::on_path("openssl").is_some();
    if !is_there {
        binaries::missing("openssl");
    }
    is_there
}

/// Puts `server.key` and `server.crt`, which names `localhost`, into a folder, and `ca.pem` of an authority that is
/// known nowhere else.
pub(super) fn make(folder: &Path) {
    let openssl = |words: &str| {
        run(Command::new("openssl").args(words.split(' ')).current_dir(folder));
    };
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    openssl(&format!("req -x509 {key} -keyout ca.key -out ca.pem -days 2 -subj /CN=test-authority"));
    let name = "-subj /CN=server -addext subjectAltName=DNS:localhost";
    openssl(&format!("req {key} -keyout server.key -out server.csr {name}"));
    let sign =
        "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -copy_extensions copy";
    openssl(&format!("{sign} -out server.crt"));
    fs::set_permissions(folder.join("server.key"), Permissions::from_mode(0o600))
        .expect("a key of one's own");
}
