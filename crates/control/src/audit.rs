//! Reading the audit, and proving that nobody touched it: each entry's hash covers the entry before it.

use tieline_core::access::Permission;
use tieline_core::wire::Page;
use tieline_core::wire::access::{AuditQuery, AuditVerdict, AuditView};
use tieline_store::Transaction;
use tieline_store::record::{AuditEntry, AuditFilter};

use crate::page::{cursor, cursor_invalid, place};
use crate::work::chain_hash;
use crate::{Actor, Control, Result};

/// Entries of a page, unless the asker says otherwise, and at most.
const PAGE: (i64, i64) = (100, 1000);
/// Entries that a verification holds in memory at a time.
const BATCH: i64 = 1000;

impl Control {
    /// The entries of an organization's audit that a query asks for, the latest first.
    ///
    /// # Errors
    /// `organization_not_found`, `forbidden`, `cursor_invalid`.
    pub async fn audit_list(&self, actor: &Actor, organization: &str, query: &AuditQuery) -> Result<Page<AuditView>> {
        let mut work = self.read(actor, organization).await?;
        work.require(Permission::AdministerOrganization, None)?;
        let organization = work.organization.id.to_string();
        list(&mut work.transaction, &organization, query).await
    }

    /// Walks an organization's chain of entries.
    ///
    /// # Errors
    /// `organization_not_found`, `forbidden`. A broken chain is an answer.
    pub async fn audit_verify(&self, actor: &Actor, organization: &str) -> Result<AuditVerdict> {
        let mut work = self.read(actor, organization).await?;
        work.require(Permission::AdministerOrganization, None)?;
        let organization = work.organization.id.to_string();
        verify(&mut work.transaction, &organization).await
    }

    /// As [`Control::audit_list`], of the installation itself.
    ///
    /// # Errors
    /// `forbidden`, `cursor_invalid`.
    pub async fn installation_audit_list(&self, actor: &Actor, query: &AuditQuery) -> Result<Page<AuditView>> {
        actor.require_installation()?;
        list(&mut self.store.read().await?, "", query).await
    }

    /// As [`Control::audit_verify`], of the installation itself.
    ///
    /// # Errors
    /// `forbidden`.
    pub async fn installation_audit_verify(&self, actor: &Actor) -> Result<AuditVerdict> {
        actor.require_installation()?;
        verify(&mut self.store.read().await?, "").await
    }
}

async fn list(transaction: &mut Transaction, organization: &str, query: &AuditQuery) -> Result<Page<AuditView>> {
    let before = match query.cursor.as_deref().map(place::<1>).transpose()? {
        Some([sequence]) => sequence.parse().map_err(|_| cursor_invalid())?,
        None => i64::MAX,
    };
    let limit = query.limit.unwrap_or(PAGE.0).clamp(1, PAGE.1);
    let filter = AuditFilter {
        action: query.action.clone(),
        object: query.object.clone(),
        actor: query.actor.clone(),
        before,
        limit,
    };
    let entries = transaction.audit_list(organization, &filter).await?;
    let full = i64::try_from(entries.len()).is_ok_and(|found| found == limit);
    let last = entries.last().map(|entry| (entry.sequence, entry.at));
    // A chain is written in the order of time: the first entry that is too old ends the list.
    let recent = |entry: &AuditEntry| query.since.is_none_or(|since| entry.at >= since);
    let next = last.filter(|(_, at)| full && query.since.is_none_or(|since| *at >= since));
    Ok(Page {
        items: entries.into_iter().take_while(recent).map(view).collect(),
        next: next.map(|(sequence, _)| cursor(&[&sequence.to_string()])),
    })
}

async fn verify(transaction: &mut Transaction, organization: &str) -> Result<AuditVerdict> {
    let mut verdict =
        AuditVerdict { valid: true, entries: 0, last_hash: String::new(), broken_at: None, problem: None };
    loop {
        let entries = transaction.audit_after(organization, verdict.entries, BATCH).await?;
        if entries.is_empty() {
            return Ok(verdict);
        }
        for entry in entries {
            let problem = if entry.sequence != verdict.entries + 1 {
                format!("entry {} is missing", verdict.entries + 1)
            } else if entry.hash != chain_hash(&verdict.last_hash, &entry) {
                format!("entry {} was changed, or the one before it", entry.sequence)
            } else {
                verdict.entries = entry.sequence;
                verdict.last_hash = entry.hash;
                continue;
            };
            let broken_at = Some(verdict.entries + 1);
            return Ok(AuditVerdict { valid: false, broken_at, problem: Some(problem), ..verdict });
        }
    }
}

fn view(entry: AuditEntry) -> AuditView {
    AuditView {
        sequence: entry.sequence,
        at: entry.at,
        actor: entry.actor,
        action: entry.action,
        object: entry.object,
        result: entry.result,
        detail: serde_json::from_str(&entry.detail).unwrap_or(serde_json::Value::String(entry.detail)),
        hash: entry.hash,
    }
}
