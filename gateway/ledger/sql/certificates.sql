-- certificates --
SELECT c.endpoint, c.kind, c.fingerprint, c.subject, c.issuer, c.valid_from, c.valid_to, c.seen_at
FROM certificates c ORDER BY c.endpoint, c.kind

-- keep_certificate --
INSERT INTO certificates (endpoint, kind, fingerprint, subject, issuer, valid_from, valid_to, seen_at)
VALUES (:endpoint, :kind, :fingerprint, :subject, :issuer, :valid_from, :valid_to, :seen_at)
ON CONFLICT (endpoint, kind) DO UPDATE
SET fingerprint = excluded.fingerprint, subject = excluded.subject, issuer = excluded.issuer,
    valid_from = excluded.valid_from, valid_to = excluded.valid_to, seen_at = excluded.seen_at

-- forget_certificate --
DELETE FROM certificates WHERE endpoint = :endpoint AND kind = :kind

-- certificates_without_alarm --
-- Certificates that have ended, or end soon, and of which nobody was told; one that serves several endpoints once.
SELECT CASE WHEN c.valid_to <= :now THEN 'certificate-ended' ELSE 'certificate-ending' END AS kind,
       c.fingerprint AS subject, MIN(c.endpoint) AS receiver_her
FROM certificates c
WHERE c.valid_to <= :soon
      AND NOT EXISTS (SELECT 1 FROM alarms a
                      WHERE a.closed_at IS NULL AND a.subject = c.fingerprint
                            AND a.kind = CASE WHEN c.valid_to <= :now THEN 'certificate-ended' ELSE 'certificate-ending' END)
GROUP BY c.fingerprint, c.valid_to
