//! `playhouse calls list`: the newest calls.

use super::{failed, filter, json, open, show};
use crate::args::CallsList;
use crate::console::Console;
use crate::exit;
use crate::failure::Failure;

pub(super) async fn run(args: &CallsList, console: &Console) -> Result<u8, Failure> {
    let store = open(&args.source, console).await?;
    let calls = store.list_calls(filter(&args.filter, args.limit)).await.map_err(failed)?;
    if args.source.json {
        console.write(&json::calls(&calls)?)?;
    } else if calls.is_empty() {
        console.remark("no calls yet");
    } else {
        console.write(&show::table(&calls).render(console.out))?;
    }
    Ok(exit::OK)
}
