// Every kind of damage, how it is planted and what is to become of it. Used by DoctorDamageTests.

@testable import VectorStore

/// One kind of damage.
struct PlantedDamage: Sendable, CustomStringConvertible {
  let description: String
  let sql: String
  /// The checks that must not be well; others may be concerned too.
  let names: Set<DoctorReport.Name>
  /// Whether all is well after a repair; else it is reported.
  let isRepaired: Bool

  private init(
    _ description: String, _ names: Set<DoctorReport.Name>, _ isRepaired: Bool, _ sql: String
  ) {
    self.description = description
    self.names = names
    self.isRepaired = isRepaired
    self.sql = sql
  }

  private static func repaired(
    _ description: String, _ names: Set<DoctorReport.Name>, _ sql: String
  ) -> PlantedDamage { PlantedDamage(description, names, true, sql) }

  private static func reported(
    _ description: String, _ names: Set<DoctorReport.Name>, _ sql: String
  ) -> PlantedDamage { PlantedDamage(description, names, false, sql) }

  static let all = segments + words + texts + vectors + rows + schema

  private static func flip(_ table: String, _ id: String, at byte: Int) -> String {
    """
    UPDATE \(table) SET data = CAST(CAST(substr(data, 1, \(byte)) AS BLOB)
      || CASE WHEN substr(data, \(byte + 1), 1) = x'5A' THEN x'A5' ELSE x'5A' END
      || substr(data, \(byte + 2)) AS BLOB) WHERE id = \(id)
    """
  }

  private static let segments = [
    repaired("a flipped byte of a head", [.segments], flip("segment_heads", "2", at: 300)),
    repaired("a flipped code byte", [.segments], flip("segment_codes", "2", at: 77)),
    repaired("a flipped fine-code byte", [.segments], flip("segment_fine_codes", "8192", at: 5)),
    repaired("no codes", [.segments], "DELETE FROM segment_codes WHERE id = 2"),
    repaired("no fine codes", [.segments], "DELETE FROM segment_fine_codes WHERE id = 8192"),
    repaired("a part of no segment", [.segments], "INSERT INTO segment_heads VALUES (99, x'00')"),
    repaired(
      "an impossible number of rows", [.segments],
      "PRAGMA ignore_check_constraints = ON; UPDATE segments SET rows = -5 WHERE id = 2"),
    repaired("another format", [.segments], "UPDATE segments SET format = 9 WHERE id = 2"),
    repaired(
      "dead rows of another size", [.segments], "UPDATE segments SET removed = x'00' WHERE id = 2"),
    repaired("a deleted segment", [.segmentChain], "DELETE FROM segments WHERE id = 2"),
    repaired(
      "an overlap", [.segmentChain], "UPDATE segments SET after_id = after_id - 5 WHERE id = 3"),
    repaired(
      "a segment beyond the last vector", [.segmentChain],
      "UPDATE segments SET through_id = 9999 WHERE id = 3"),
    repaired(
      "a living row marked as gone", [.segmentRows],
      "UPDATE segments SET removed = x'0800000000000000' WHERE id = 3"),
    repaired(
      "a gone row not marked", [.segmentRows], "UPDATE segments SET removed = NULL WHERE id = 1"),
    repaired(
      "a vector deleted behind the trigger", [.schema, .segmentRows],
      "DROP TRIGGER vectors_deleted; DELETE FROM vectors WHERE chunk_id IN (SELECT id FROM chunks "
        + "WHERE document_id = 20); DELETE FROM chunks WHERE document_id = 20; DELETE FROM documents "
        + "WHERE id = 20"),
    repaired(
      "a chunk of another document", [.segmentRows],
      "UPDATE chunks SET document_id = 21, ordinal = 1 WHERE document_id = 20"),
    repaired(
      "codes of another vector", [.codes],
      "UPDATE vectors SET (data, norm, checksum) = (SELECT data, norm, checksum FROM vectors "
        + "WHERE id = 1) WHERE id = 80"),
    repaired(
      "a living vector listed as deleted", [.segmentRows],
      "INSERT INTO removed_vectors VALUES (1, 1)"),
    repaired(
      "a segment of no space", [.segments],
      "INSERT INTO segments SELECT 77, 50, after_id, through_id, rows, format, head_checksum, "
        + "codes_checksum, NULL FROM segments WHERE id = 2"),
    repaired(
      "no segments at all", [.segmentChain, .schema],
      "DELETE FROM segments WHERE id < 3; DROP TRIGGER segments_deleted"),
  ]

  private static let chunk =
    "(SELECT c.id FROM chunks c JOIN documents d ON d.id = c.document_id "
    + "WHERE d.source = 'sky')"

  private static let words = [
    repaired("words missing", [.words], "DELETE FROM chunk_search WHERE rowid = \(chunk)"),
    repaired(
      "words of no chunk", [.words], "INSERT INTO chunk_search(rowid, text) VALUES (9999, 'ghost')"),
    repaired(
      "other words", [.words], "UPDATE chunk_search SET text = 'green grass' WHERE rowid = \(chunk)"
    ),
    repaired(
      "other words in the table below", [.words],
      "UPDATE chunk_search_content SET c0 = 'green grass' WHERE id = \(chunk)"),
    repaired(
      "words without their sizes", [.words], "DELETE FROM chunk_search_docsize WHERE id = \(chunk)"),
    repaired("an empty word index", [.words], "DELETE FROM chunk_search_data WHERE id > 10"),
    repaired(
      "garbage in the word index", [.words],
      "UPDATE chunk_search_data SET block = CAST(substr(block, 1, 40) || x'7A7A' || "
        + "substr(block, 43) AS BLOB) WHERE id > 10"),
    repaired(
      "a word index that FTS5 cannot open", [.words],
      "UPDATE chunk_search_data SET block = x'0000000001053700' WHERE id = 10"),
    repaired(
      "a word index of another version", [.words],
      "UPDATE chunk_search_config SET v = 694465 WHERE k = 'version'"),
    repaired("a word index that leads nowhere", [.words], "DELETE FROM chunk_search_idx"),
    repaired("no word index", [.schema, .words], "DROP TABLE chunk_search"),
    repaired("a lost field", [.fields], "DELETE FROM document_fields WHERE key = 'colour'"),
    repaired(
      "a field too many", [.fields],
      "INSERT INTO document_fields SELECT id, 'extra', 1, collection_id FROM documents WHERE source = 'sky'"
    ),
    repaired(
      "a field of another type", [.fields],
      "UPDATE document_fields SET value = '3' WHERE key = 'page'"),
    repaired(
      "a time that is none", [.times],
      "UPDATE documents SET updated_at = '\"\"026-11-29T01:49:55.206Z' WHERE source = 'sky'"),
    repaired(
      "a day that is none", [.times],
      "UPDATE documents SET added_at = '2026-13-41T01:49:55.206Z' WHERE source = 'sky'"),
    repaired("a collection without its time", [.times], "UPDATE collections SET created_at = ''"),
  ]

  private static let texts = [
    repaired(
      "a wrong text hash", [.texts],
      "UPDATE chunks SET text_hash = zeroblob(32) WHERE id = \(chunk)"),
    repaired("no text hash", [.texts], "UPDATE chunks SET text_hash = NULL WHERE id = \(chunk)"),
    reported(
      "a changed text", [.texts], "UPDATE chunks SET text = 'The sky is green.' WHERE id = \(chunk)"
    ),
    reported(
      "a text at an impossible place", [.texts],
      "UPDATE chunks SET start_scalar = -9223372036854775808 WHERE id = \(chunk)"),
    reported("a missing chunk", [.texts], "UPDATE chunks SET ordinal = 2 WHERE id = \(chunk)"),
    reported(
      "metadata that is no JSON", [.fields],
      "UPDATE documents SET metadata = '{broken' WHERE source = 'sky'"),
  ]

  private static let nan = "x'0000C07F' || substr(data, 5)"

  private static let vectors = [
    reported(
      "a blob of the wrong size", [.vectorSizes], "UPDATE vectors SET data = x'0000' WHERE id = 9"),
    reported("an empty blob", [.vectorSizes], "UPDATE vectors SET data = x'' WHERE id = 199"),
    reported("NaN", [.vectorValues], "UPDATE vectors SET data = CAST(\(nan) AS BLOB) WHERE id = 9"),
    reported(
      "a zero vector", [.vectorLengths], "UPDATE vectors SET data = zeroblob(256) WHERE id = 9"),
    reported(
      "a vector not of unit length", [.vectorLengths],
      "UPDATE vectors SET data = CAST(x'00000040' || substr(data, 5) AS BLOB) WHERE id = 9"),
    reported(
      "a flipped bit of a vector", [.checksums],
      "UPDATE vectors SET data = CAST(substr(data, 1, 4) || "
        + "CASE substr(data, 5, 1) WHEN x'01' THEN x'00' ELSE x'01' END || substr(data, 6) AS BLOB) "
        + "WHERE id = 9"),
    reported("an impossible norm", [.vectorNorms], "UPDATE vectors SET norm = -1 WHERE id = 9"),
    repaired(
      "a damaged staged vector", [.vectorSizes, .staged],
      "INSERT INTO staged VALUES (1, zeroblob(32), x'00', 1, 'now', NULL, NULL)"),
    repaired(
      "a staged vector with a flipped bit", [.checksums, .staged],
      "INSERT INTO staged SELECT space_id, zeroblob(32), data, norm, 'now', checksum + 1, NULL "
        + "FROM vectors WHERE id = 1"),
    repaired("no checksum", [.checksums], "UPDATE vectors SET checksum = NULL WHERE id > 9"),
    reported(
      "a vector in another space", [.vectorSpaces],
      "INSERT INTO spaces(id, name, provider, model, dimensions, kind) "
        + "VALUES (50, 'test/other/64', 'test', 'other', 64, 'real'); "
        + "UPDATE vectors SET space_id = 50 WHERE id = 199"),
    reported(
      "a space that contradicts itself", [.vectorSpaces],
      "UPDATE spaces SET name = 'test/n/64' WHERE name = 'test/m/64'"),
    reported(
      "a chunk without a vector", [.unembedded], "DELETE FROM vectors WHERE chunk_id = \(chunk)"),
  ]

  private static let rows = [
    repaired(
      "chunks without their document", [.references], "DELETE FROM documents WHERE source = 'sky'"),
    repaired(
      "documents without their collection", [.references],
      "DELETE FROM collections WHERE name = 'texts'"),
    repaired(
      "vectors without their chunk", [.references],
      "DELETE FROM chunks WHERE id = 100; DELETE FROM documents WHERE id = 100"),
    repaired(
      "a pending text without its document", [.references, .pending],
      "INSERT INTO pending_documents VALUES (7777, 'text', 'text', x'00', 'lost', '{}', 400, 40, 'why', 'now', NULL)"
    ),
    reported(
      "vectors without their space", [.references], "DELETE FROM spaces WHERE kind = 'mock'"),
    repaired("no generation", [.generation], "DELETE FROM store_state"),
    repaired(
      "an impossible generation", [.generation],
      "UPDATE store_state SET generation = 9223372036854775807"),
    repaired(
      "a counter of ids beyond all ids", [.schema],
      "UPDATE sqlite_sequence SET seq = 9223372036854775807 WHERE name = 'chunks'"),
  ]

  private static let schema = [
    repaired("a lost index", [.schema], "DROP INDEX vectors_by_space"),
    repaired("a lost trigger", [.schema], "DROP TRIGGER vectors_deleted"),
    repaired("a lost table of fields", [.schema], "DROP TABLE document_fields"),
    repaired("a lost table of codes", [.schema], "DROP TABLE segment_codes"),
    repaired(
      "a lost counter of ids", [.schema], "DELETE FROM sqlite_sequence WHERE name = 'vectors'"),
    reported("a lost table", [.schema], "DROP TABLE staged"),
    repaired(
      "an index that lacks a row", [.integrity],
      """
      PRAGMA writable_schema = ON;
      CREATE TEMP TABLE kept AS SELECT * FROM sqlite_master WHERE name = 'vectors_by_space';
      DELETE FROM sqlite_master WHERE name = 'vectors_by_space';
      PRAGMA writable_schema = RESET;
      DELETE FROM vectors WHERE id = 199;
      DELETE FROM documents WHERE id = 199;
      DELETE FROM chunks WHERE id = 199;
      PRAGMA writable_schema = ON;
      INSERT INTO sqlite_master SELECT * FROM temp.kept;
      PRAGMA writable_schema = RESET;
      """),
  ]
}
