//! Deletes many rows without making anybody wait for long.

/// The rows of a batch. SQLite has one writer, whose next caller waits for a batch; on PostgreSQL the rows are
/// locked until it ends.
const BATCH: u16 = 250;

/// Repeats a deletion, which is given its limit, until it deletes fewer rows than that; returns their total. What
/// was deleted before an error stays deleted.
pub(crate) async fn in_batches<F, E>(mut delete: impl FnMut(i64) -> F) -> Result<usize, E>
where
    F: Future<Output = Result<usize, E>>,
{
    let mut removed = 0;
    loop {
        let batch = delete(BATCH.into()).await?;
        removed += batch;
        if batch < BATCH.into() {
            return Ok(removed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn batches_are_deleted_until_one_is_not_full() {
        for rows in [0, 1, 249, 250, 251, 600] {
            let mut left = rows;
            let mut calls = 0;
            let removed = in_batches(|limit| {
                let batch = left.min(usize::try_from(limit).unwrap());
                left -= batch;
                calls += 1;
                std::future::ready(Ok::<_, ()>(batch))
            });
            assert_eq!(removed.await, Ok(rows));
            assert_eq!((left, calls), (0, rows / 250 + 1));
        }
    }

    #[tokio::test]
    async fn an_error_ends_it() {
        let mut calls = 0;
        let failing = in_batches(|_| {
            calls += 1;
            std::future::ready(if calls < 3 { Ok(250) } else { Err("away") })
        });
        assert_eq!(failing.await, Err("away"));
        assert_eq!(calls, 3);
    }
}
