"""The note in every packet: what is in it, and how to check it without our software."""

NOTE = """\
WATCHKEEPER EVIDENCE PACKET

What is in it
  page.html       for reading and printing; it asks for nothing from any network
  packet.json     the same history for programs
  *.csv           tables for a ticket system; a cell that a spreadsheet would run as a
                  formula has a ' in front
  objects/        what was seen at the time, frozen: each file is named after its SHA-256
  proof.json      every record as it was written, and the proof that the log holds it
  manifest.json   SHA-256 and size of every file above
  manifest.sig    Ed25519 signature of the bytes of manifest.json, in hex
  key.pem         the public key. Do not take its word for itself: compare it with one
                  that you had from somebody you trust, or with the anchored heads.

With our software
  watchkeeper audit verify PACKET.zip --key KEY.pem --anchor FOLDER
  FOLDER is where heads of the log are anchored outside the database, or a clone of the
  Git repository that holds them (git+PATH). No network needed.

Without our software
  1. Files:      sha256sum FILE must say what manifest.json says.
  2. Signature:  xxd -r -p manifest.sig signature.bin
                 openssl pkeyutl -verify -pubin -inkey key.pem -rawin \\
                   -in manifest.json -sigfile signature.bin
  3. Records:    for each one of "records" in proof.json:
                 node = SHA-256(byte 00, then "record" as UTF-8)
                 With p = "position" and last = size of the head - 1, take each hash h of
                 "path" in turn:
                   if p is odd, or p equals last:
                       node = SHA-256(byte 01, h, node)
                       while p is even and not 0: halve p and last
                   else:
                       node = SHA-256(byte 01, node, h)
                   halve p and last, rounding down
                 At the end node must be the "root" of the head (RFC 6962, section 2.1.1).
  4. Head:       its signature is over these four lines, each ended by a line feed:
                 "watchkeeper log v2", size, root in hex, "at" (microseconds since 1970).
  5. Outside:    the same size must have the same root among the anchored heads. Only
                 this shows a history that was written anew by somebody with the key.
  6. Years later: `watchkeeper audit prove` writes a consistency proof (RFC 6962, section
                 2.1.2) that a newer head continues this one; verify takes it with --proof.

What it does not prove
  That what Azure told us was true; that nothing happened that nobody told us; anything
  about a record under "waiting" in proof.json, which was not in the log yet.
"""
