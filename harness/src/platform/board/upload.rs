//! The image's way to the host.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use super::connection::Connection;
use super::quoted;
use crate::digest;

/// Copies the file `local` to `remote` on the host, where it appears only when it is whole.
pub(super) fn upload(connection: &Connection, local: &Path, remote: &str) -> io::Result<()> {
    let (part, whole) = (quoted(&format!("{remote}.part"))?, quoted(remote)?);
    let sent = digest::of_file(local).map_err(io::Error::other)?;
    let mut channel =
        connection.start(&format!("cat > {part} && sha256sum < {part} && mv {part} {whole}"))?;
    io::copy(&mut File::open(local)?, &mut channel)?;
    channel.send_eof()?;
    let (mut arrived, mut complaints) = (String::new(), String::new());
    channel.read_to_string(&mut arrived)?;
    channel.stderr().read_to_string(&mut complaints)?;
    channel.wait_close()?;
    if channel.exit_status()? != 0 {
        return Err(io::Error::other(format!("cannot upload the image to {remote}: {}", complaints.trim())));
    }
    let arrived = arrived.split_whitespace().next().unwrap_or_default();
    if arrived != sent {
        return Err(io::Error::other(format!("the image was damaged on its way to {remote}; try again")));
    }
    Ok(())
}
