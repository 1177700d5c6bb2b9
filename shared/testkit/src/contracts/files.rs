//! [`ImportFiles`] and [`FileUrls`]

use app::messages::ImportKey;
use app::ports::{FileError, FileUrls, ImportFiles};
use async_trait::async_trait;
use domain::ImportId;
use domain::ids::Uuid;
use domain::import::SeenFile;

use super::Fresh;

/// Large enough for a part, in bytes.
const LARGE: usize = 6 * 1024 * 1024;

/// The client's side of signed URLs, and the files behind them.
#[async_trait]
pub trait Client: Send + Sync {
    /// Uploads a file for an import, in place of an earlier one.
    async fn put(&self, key: ImportKey, bytes: &[u8]);

    /// The file of rejected rows.
    async fn rejected(&self, key: ImportKey) -> Option<Vec<u8>>;
}

/// Checks the files of imports.
pub async fn run(files: &dyn ImportFiles, urls: &dyn FileUrls, client: &dyn Client) {
    a_file_is_read_as_it_was_first_seen(files, client).await;
    rejected_rows_are_there_when_they_are_finished(files, client).await;
    rejected_rows_are_gone_on_with_where_they_were_kept(files, client).await;
    a_part_that_was_replaced_by_another_is_not_taken_for_it(files, client).await;
    parts_alone_can_be_finished(files, client).await;
    addresses_name_what_is_signed(urls).await;
}

fn key() -> ImportKey {
    ImportKey {
        customer_id: Fresh::new().user_id(),
        import_id: ImportId(Uuid::now_v7()),
    }
}

async fn a_file_is_read_as_it_was_first_seen(files: &dyn ImportFiles, client: &dyn Client) {
    let key = key();
    assert_eq!(files.seen(key).await.unwrap(), None);
    client.put(key, b"").await;
    let empty = files.seen(key).await.unwrap().unwrap();
    assert_eq!(empty.size_bytes, 0);
    client.put(key, b"0123456789").await;
    let seen = files.seen(key).await.unwrap().unwrap();
    assert_eq!(seen.size_bytes, 10);
    let read = async |file: &SeenFile, from, length| files.read(key, file, from, length).await;
    assert_eq!(read(&seen, 0, 10).await.unwrap(), b"0123456789");
    assert_eq!(read(&seen, 3, 4).await.unwrap(), b"3456");
    assert_eq!(read(&seen, 9, 1).await.unwrap(), b"9");
    assert!(matches!(read(&empty, 0, 1).await, Err(FileError::Gone)));
    client.put(key, b"abcdefghij").await;
    assert!(matches!(read(&seen, 0, 4).await, Err(FileError::Gone)));
}

async fn rejected_rows_are_there_when_they_are_finished(
    files: &dyn ImportFiles,
    client: &dyn Client,
) {
    let key = key();
    assert_eq!(client.rejected(key).await, None);
    let mut first = files.write_rejected(key, None).await.unwrap();
    first.write(b"a,b\r\n").await.unwrap();
    assert_eq!(client.rejected(key).await, None);
    first.write(b"1,2\r\n").await.unwrap();
    first.finish().await.unwrap();
    assert_eq!(client.rejected(key).await.unwrap(), b"a,b\r\n1,2\r\n");

    // The second file replaces the first.
    let mut second = files.write_rejected(key, None).await.unwrap();
    assert_eq!(second.keep().await.unwrap(), None);
    second.write(b"a,b\r\n").await.unwrap();
    assert_eq!(second.keep().await.unwrap(), None);
    second.finish().await.unwrap();
    assert_eq!(client.rejected(key).await.unwrap(), b"a,b\r\n");
}

async fn rejected_rows_are_gone_on_with_where_they_were_kept(
    files: &dyn ImportFiles,
    client: &dyn Client,
) {
    let key = key();
    let part = |letter: u8| vec![letter; LARGE];
    let mut first = files.write_rejected(key, None).await.unwrap();
    first.write(&part(b'a')).await.unwrap();
    let kept = first.keep().await.unwrap().unwrap();
    // Bytes after the last part are lost with their writer.
    first.write(b"lost").await.unwrap();
    drop(first);

    let go_on = async || files.write_rejected(key, Some(kept.clone())).await.unwrap();
    let (mut second, mut third) = (go_on().await, go_on().await);
    second.write(&part(b'b')).await.unwrap();
    let by_second = second.keep().await.unwrap().unwrap();
    assert_eq!(by_second.upload_id, kept.upload_id);
    third.write(&part(b'b')).await.unwrap();
    third.keep().await.unwrap();
    assert_eq!(client.rejected(key).await, None);
    drop(second);
    let mut fourth = files.write_rejected(key, Some(by_second)).await.unwrap();
    fourth.write(b"the end").await.unwrap();
    fourth.finish().await.unwrap();
    let whole = [part(b'a'), part(b'b'), b"the end".to_vec()].concat();
    assert!(client.rejected(key).await.unwrap() == whole);

    // A finished file has no parts any more.
    third.write(b"the end").await.unwrap();
    assert!(matches!(third.finish().await, Err(FileError::PartsGone)));
    let mut fifth = go_on().await;
    fifth.write(&part(b'b')).await.unwrap();
    assert!(matches!(fifth.keep().await, Err(FileError::PartsGone)));
    assert!(client.rejected(key).await.unwrap() == whole);
}

async fn a_part_that_was_replaced_by_another_is_not_taken_for_it(
    files: &dyn ImportFiles,
    client: &dyn Client,
) {
    let key = key();
    let mut first = files.write_rejected(key, None).await.unwrap();
    first.write(&vec![b'a'; LARGE]).await.unwrap();
    let kept = first.keep().await.unwrap().unwrap();
    let mut second = files.write_rejected(key, Some(kept)).await.unwrap();
    first.write(&vec![b'b'; LARGE]).await.unwrap();
    first.keep().await.unwrap();
    second.write(&vec![b'c'; LARGE]).await.unwrap();
    second.keep().await.unwrap();
    assert!(matches!(first.finish().await, Err(FileError::PartsGone)));
    assert_eq!(client.rejected(key).await, None);
    second.finish().await.unwrap();
    assert!(client.rejected(key).await.unwrap().ends_with(b"c"));
}

async fn parts_alone_can_be_finished(files: &dyn ImportFiles, client: &dyn Client) {
    let key = key();
    let mut file = files.write_rejected(key, None).await.unwrap();
    file.write(&vec![b'a'; LARGE]).await.unwrap();
    assert!(file.keep().await.unwrap().is_some());
    assert_eq!(file.keep().await.unwrap(), None);
    file.finish().await.unwrap();
    assert_eq!(client.rejected(key).await.unwrap().len(), LARGE);
}

async fn addresses_name_what_is_signed(urls: &dyn FileUrls) {
    let key = key();
    let upload = urls.upload(key, 10, "text/csv").await.unwrap();
    let name = format!("{}/{}.csv", key.customer_id, key.import_id);
    assert!(upload.url.contains(&name), "{}", upload.url);
    let headers: Vec<(&str, &str)> = upload
        .headers
        .iter()
        .map(|(n, v)| (*n, v.as_str()))
        .collect();
    assert_eq!(
        headers,
        [
            ("Content-Length", "10"),
            ("Content-Type", "text/csv"),
            ("If-None-Match", "*")
        ]
    );
    let rejected = urls.rejected_rows(key).await.unwrap();
    assert!(rejected.contains(&key.import_id.to_string()));
    assert_ne!(rejected, upload.url);
}
