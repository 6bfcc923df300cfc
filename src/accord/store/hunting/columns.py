"""The columns that records of logs are brought to, and what they are called elsewhere.

Source: Zeek's log fields; Suricata's EVE; Sysmon and Windows event fields; Elastic Common Schema;
the names that DNS servers and proxies write into CSV.
"""

from __future__ import annotations

from typing import Final

NAMES: Final[dict[str, tuple[str, ...]]] = {
    "seen": (
        "ts", "timestamp", "@timestamp", "time", "datetime", "date", "UtcTime", "TimeCreated",
        "EventTime", "Event.System.TimeCreated.#attributes.SystemTime", "event.created",
        "EventData.UtcTime", "winlog.event_data.UtcTime",
    ),
    "src_ip": (
        "id.orig_h", "src_ip", "source.ip", "client_ip", "client", "c-ip", "srcip", "src",
        "source_ip", "SourceIp", "EventData.SourceIp", "EventData.IpAddress",
        "winlog.event_data.SourceIp", "winlog.event_data.IpAddress", "Event.EventData.SourceIp",
        "Event.EventData.IpAddress",
    ),
    "dst_ip": (
        "id.resp_h", "dest_ip", "dst_ip", "destination.ip", "server_ip", "s-ip", "dstip", "dst",
        "destination_ip", "DestinationIp", "EventData.DestinationIp",
        "winlog.event_data.DestinationIp", "Event.EventData.DestinationIp",
    ),
    "src_port": ("id.orig_p", "src_port", "source.port", "SourcePort", "EventData.SourcePort",
        "winlog.event_data.SourcePort", "Event.EventData.SourcePort",
    ),
    "dst_port": (
        "id.resp_p", "dest_port", "dst_port", "destination.port", "DestinationPort",
        "EventData.DestinationPort", "winlog.event_data.DestinationPort",
        "Event.EventData.DestinationPort",
    ),
    "proto": ("proto", "protocol", "network.transport", "EventData.Protocol",
        "winlog.event_data.Protocol", "Event.EventData.Protocol",
    ),
    "query": (
        "query", "dns.rrname", "dns.question.name", "qname", "query_name", "QueryName", "domain",
        "EventData.QueryName", "winlog.event_data.QueryName", "Event.EventData.QueryName",
    ),
    "host": (
        "host", "server_name", "http.hostname", "tls.sni", "cs-host", "hostname", "url.domain",
        "EventData.DestinationHostname", "winlog.event_data.DestinationHostname",
        "Event.EventData.DestinationHostname", "DestinationHostname", "destination.domain",
    ),
    "url": ("url", "http.url", "cs-uri", "request_url", "url.original", "url.full"),
    "uri": ("uri", "cs-uri-stem", "request_uri"),
    "method": ("method", "http.http_method", "cs-method", "http.request.method"),
    "user_agent": (
        "user_agent", "http.http_user_agent", "cs(User-Agent)", "user_agent.original",
    ),
    "md5": ("md5", "fileinfo.md5", "file.hash.md5", "MD5"),
    "sha1": ("sha1", "fileinfo.sha1", "file.hash.sha1", "SHA1"),
    "sha256": ("sha256", "fileinfo.sha256", "file.hash.sha256", "SHA256"),
    "file": (
        "filename", "fileinfo.filename", "file.name", "file.path", "file_name", "Image",
        "EventData.Image", "winlog.event_data.Image", "Event.EventData.Image",
        "EventData.NewProcessName", "winlog.event_data.NewProcessName",
    ),
    "mail_from": ("mailfrom", "from", "smtp.mail_from", "email.from", "sender", "mail_from"),
    "command_line": (
        "CommandLine", "process.command_line", "EventData.CommandLine", "command_line",
        "winlog.event_data.CommandLine", "Event.EventData.CommandLine",
    ),
    "registry_key": (
        "EventData.TargetObject", "winlog.event_data.TargetObject", "TargetObject",
        "registry.path", "Event.EventData.TargetObject",
    ),
    "user": (
        "user", "user.name", "EventData.User", "username", "cs-username",
        "winlog.event_data.User", "Event.EventData.User",
    ),
    "answers": (
        "answers", "dns.answers[*].rdata", "dns.rdata", "EventData.QueryResults",
        "dns.answers[*].data", "dns.grouped.A[*]", "dns.grouped.AAAA[*]", "dns.grouped.CNAME[*]",
        "winlog.event_data.QueryResults", "QueryResults", "Event.EventData.QueryResults",
    ),
    "hashes": (
        "Hashes", "EventData.Hashes", "winlog.event_data.Hashes", "Event.EventData.Hashes",
        "hash", "file_hash", "sha512", "sha384", "sha224", "imphash", "ssdeep", "tlsh",
        "file.hash.sha512", "file.hash.sha384", "file.hash.ssdeep", "file.hash.tlsh",
        "file.pe.imphash", "process.hash.md5", "process.hash.sha1", "process.hash.sha256",
        "process.hash.sha512", "fingerprint", "tls.fingerprint", "tls.server.hash.sha1",
        "tls.server.hash.sha256",
    ),
    "mail_to": ("rcptto", "to", "smtp.rcpt_to[*]", "email.to[*]", "recipient", "recipients"),
    "queries": ("dns.queries[*].rrname",),
    "files": (
        "EventData.TargetFilename", "winlog.event_data.TargetFilename", "TargetFilename",
        "Event.EventData.TargetFilename", "files[*].filename",
    ),
}  # fmt: skip
"""By the name of a column here, its names elsewhere, the likeliest first."""

ALSO: Final = {
    one: f"also_{one}"
    for one in (
        "src_ip", "dst_ip", "query", "host", "url", "url_host", "md5", "sha1", "sha256", "file",
        "mail_from", "command_line", "registry_key", "user",
    )
}  # fmt: skip
"""By column of one value, the column of the other values that a record has under its names."""
LISTS: Final = frozenset({
    "answers", "hashes", "mail_to", "queries", "files", "ips", "domains", "urls", "mails",
    *ALSO.values(),
})  # fmt: skip
"""Columns of several values in one record."""

_SOURCES: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "ip": (
        ("src_ip", "src"), ("dst_ip", "dst"), ("host", "dst"), ("url_host", "dst"),
        ("answers", ""), ("ips", ""),
    ),
    "domain": (
        ("query", ""), ("host", ""), ("url_host", ""), ("answers", ""), ("queries", ""),
        ("domains", ""),
    ),
    "url": (("url", ""), ("urls", "")),
    "hash": (("md5", ""), ("sha1", ""), ("sha256", ""), ("hashes", "")),
    "mail": (("mail_from", "src"), ("mail_to", "dst"), ("mails", "")),
    "file": (("file", ""), ("files", "")),
}  # fmt: skip
SOURCES: Final = {
    kind: (*there, *((ALSO[one], side) for one, side in there if one in ALSO))
    for kind, there in _SOURCES.items()
}
"""By kind of value, the columns that hold such, and on which side of a connection."""

TRAFFIC: Final = "network-traffic"
_HTTP: Final = "extensions.http-request-ext."
_OBSERVABLES: Final[tuple[tuple[str, str, str, str, str], ...]] = (
    ("src_ip", "src", "", "value", "s"),
    ("dst_ip", "dst", "", "value", "s"),
    ("answers", "answer", "", "value", "s"),
    ("ips", "ip", "", "value", "s"),
    ("src_ip", "traffic", TRAFFIC, "src_ref.value", "s"),
    ("dst_ip", "traffic", TRAFFIC, "dst_ref.value", "s"),
    ("src_port", "traffic", TRAFFIC, "src_port", "n"),
    ("dst_port", "traffic", TRAFFIC, "dst_port", "n"),
    ("proto", "traffic", TRAFFIC, "protocols[*]", "s"),
    ("proto", "traffic", TRAFFIC, "protocols[0]", "s"),
    ("method", "traffic", TRAFFIC, f"{_HTTP}request_method", "s"),
    ("uri", "traffic", TRAFFIC, f"{_HTTP}request_value", "s"),
    ("user_agent", "traffic", TRAFFIC, f"{_HTTP}request_header.User-Agent", "s"),
    ("query", "query", "domain-name", "value", "s"),
    ("queries", "queries", "domain-name", "value", "s"),
    ("host", "host", "domain-name", "value", "s"),
    ("domains", "domain", "domain-name", "value", "s"),
    ("url", "url", "url", "value", "s"),
    ("urls", "urls", "url", "value", "s"),
    ("md5", "file", "file", "hashes.MD5", "s"),
    ("sha1", "file", "file", "hashes.SHA-1", "s"),
    ("sha256", "file", "file", "hashes.SHA-256", "s"),
    ("file", "file", "file", "name", "s"),
    ("files", "files", "file", "name", "s"),
    ("mail_from", "sender", "email-addr", "value", "s"),
    ("mail_to", "recipient", "email-addr", "value", "s"),
    ("mails", "mail", "email-addr", "value", "s"),
    ("mail_from", "message", "email-message", "from_ref.value", "s"),
    ("mail_to", "message", "email-message", "to_refs[*].value", "s"),
    ("command_line", "process", "process", "command_line", "s"),
    ("registry_key", "registry", "windows-registry-key", "key", "s"),
    ("user", "user", "user-account", "user_id", "s"),
    ("user", "user", "user-account", "account_login", "s"),
)
OBSERVABLES: Final = (
    *_OBSERVABLES,
    *((ALSO[one[0]], f"also {one[1]}", *one[2:]) for one in _OBSERVABLES if one[0] in ALSO),
)
"""Each column as a value of a STIX observable: the object, its type (empty: as the address says),
the path, and whether it is text or a number."""
