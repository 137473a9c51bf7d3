// The values of the server's paths, a line each, from which their JSON Schemas are made.

import Foundation
import VectorStore

/// Schemas by name. A field with a question mark after its name may be absent, a type with one may be null.
enum OpenAPISchemas {
  private static let lines: [String: String] = [
    "Error": "error: ErrorParts",
    "ErrorParts": "message: string, type: string, code: string, param: string?",
    "Liveness": "status: string",
    "SearchAnswer": "hits: [SearchHit], degraded: bool, notes: [string], pending?: object",
    "SearchHit":
      "query: int, rank: int, score: number, cosine: number?, strength: string?, id: int, source: string, "
      + "path: string?, fileState?: string, collection: string, ordinal: int, text: string?, "
      + "metadata: object, start: int?, end: int?, line: int?, headings: [string], copies: [string], "
      + "space: string?, degraded: bool, explanation?: object, excerpt: Excerpt?",
    "Excerpt": "text: string, line?: int, headings: [string], marks: [[int]], isCut: bool",
    "DocumentList": "documents: [DocumentSummary], next: int?",
    "DocumentSummary":
      "source: string, path?: string, collection: string, state: string, chunks: int, "
      + "format: string, metadata: object, added: string, updated: string, reason?: string",
    "StoredDocument": "summary: DocumentSummary, text?: string, chunks: [StoredChunk]",
    "StoredChunk":
      "id: int, ordinal: int, text?: string, start?: int, end?: int, line?: int, spaces: [string]",
    "NewDocuments": "documents: [NewDocument], collection?: string",
    "NewDocument": "source?: string, text: string, metadata?: object",
    "AddReport":
      "documents: object, chunks: object, skipped: any, leftOut: any, leftOutByKind: any, "
      + "cutAgain: any, moved: any, gone: any, notPruned: any, tokens: int, tokensEstimated: any, "
      + "requests: int, costUSD: number, possibleCostUSD: number, batched?: object, parsed?: object, stopped?: object, "
      + "dryRun: bool, keepsText: bool, mode: string, space: string, warnings: [string], errors: any, refused: any, "
      + "errorsOmitted: int, seconds: number",
    "RemoveReport": "documents: int, chunks: int, collections: int, notFound: [string]",
    "CollectionList": "collections: [CollectionSummary]",
    "CollectionSummary": "name: string, space: string, documents: int, pending: int, chunks: int, "
      + "vectors: object, created: string, keepsText: bool, service?: string, roles?: any",
    "HealthReport":
      "mode: string, services: [object], parser?: object, isWell: bool, ledgerProblem?: string",
    "UsageReport":
      "at: string, accounts: [string], today: object, lastHour: object, lastMinute: object, "
      + "dailyCost?: object, hourlyRequests?: object, days: [object], models: [object], failures: [object]",
    "EmbeddingRequest": "input: any, model: string, dimensions?: int, encoding_format?: string, "
      + "input_type?: string, user?: string",
    "EmbeddingAnswer": "object: string, model: string, data: [Embedding], usage: EmbeddingUsage",
    "Embedding": "object: string, index: int, embedding: any",
    "EmbeddingUsage": "prompt_tokens: int, total_tokens: int",
    "ModelList": "object: string, data: [Model]",
    "Model": "id: string, object: string, created: int, owned_by: string",
    "Upload": "file: any, purpose?: string",
    "File":
      "id: string, object: string, filename: string, purpose: string, bytes: int, created_at: int, "
      + "status: string",
    "FileList": page + "data: [File]",
    "Deleted": "id: string, object: string, deleted: bool",
    "NewVectorStore":
      "name?: string, metadata?: object, file_ids?: [string], chunking_strategy?: object, "
      + "expires_after?: object",
    "VectorStore": "id: string, object: string, created_at: int, name: string, usage_bytes: int, "
      + "file_counts: object, status: string, expires_after: any, expires_at: any, last_active_at: int, "
      + "metadata: object",
    "VectorStoreList": page + "data: [VectorStore]",
    "VectorStoreSearch":
      "query: any, filters?: object, max_num_results?: int, ranking_options?: object, "
      + "rewrite_query?: bool",
    "VectorStoreSearchPage":
      "object: string, search_query: [string], data: [VectorStoreHit], has_more: bool, notes: [string], "
      + "next_page: string?",
    "VectorStoreHit":
      "file_id: string, filename: string, score: number, strength: string?, attributes: object, content: [TextPart]",
    "TextPart": "type: string, text: string",
    "NewVectorStoreFile": "file_id: string, attributes?: object, chunking_strategy?: object",
    "Attributes": "attributes: object",
    "VectorStoreFile":
      "id: string, object: string, created_at: int, vector_store_id: string, usage_bytes: int, "
      + "status: string, attributes: object, last_error: object?",
    "VectorStoreFileList": page + "data: [VectorStoreFile]",
    "FileContentPage": "object: string, data: [TextPart], has_more: bool, next_page: string?",
    "NewFileBatch": "file_ids?: [string], files?: [NewVectorStoreFile], attributes?: object, "
      + "chunking_strategy?: object",
    "FileBatch":
      "id: string, object: string, created_at: int, vector_store_id: string, status: string, "
      + "file_counts: object",
    "Message":
      "jsonrpc: string, id?: any, method?: string, params?: object, result?: object, error?: object",
  ]

  private static let page =
    "object: string, first_id: string?, last_id: string?, has_more: bool, "

  static let all: [String: JSONValue] = lines.mapValues(object)

  private static func object(_ line: String) -> JSONValue {
    var (properties, required) = ([String: JSONValue](), [JSONValue]())
    for field in line.components(separatedBy: ", ") {
      let parts = field.components(separatedBy: ": ")
      let name = parts[0].hasSuffix("?") ? String(parts[0].dropLast()) : parts[0]
      properties[name] = type(parts.last ?? "any")
      if name == parts[0] { required.append(.string(name)) }
    }
    return [
      "type": "object", "properties": .object(properties), "required": .array(required),
    ]
  }

  private static func type(_ name: String) -> JSONValue {
    if name.hasSuffix("?") { return ["anyOf": [type(String(name.dropLast())), ["type": "null"]]] }
    if name.hasPrefix("[") {
      return ["type": "array", "items": type(String(name.dropFirst().dropLast()))]
    }
    return switch name {
    case "any": [:]
    case "int": ["type": "integer"]
    case "bool": ["type": "boolean"]
    case "string", "number", "object": ["type": .string(name)]
    default: ["$ref": .string("#/components/schemas/\(name)")]
    }
  }
}
