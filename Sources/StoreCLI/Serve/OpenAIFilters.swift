// OpenAI's filters on attributes, as filters of the store.

import VectorStore

/// A filter as OpenAI's clients send it: a comparison of one attribute, or several filters joined.
indirect enum OpenAIFilter: Decodable {
  case comparison(key: String, type: String, value: MetadataValue)
  case compound(type: String, [OpenAIFilter])

  private enum Key: String, CodingKey { case type, key, value, filters }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    let type = try container.decode(String.self, forKey: .type)
    if type == "and" || type == "or" {
      self = .compound(type: type, try container.decode([OpenAIFilter].self, forKey: .filters))
    } else {
      self = .comparison(
        key: try container.decode(String.self, forKey: .key), type: type,
        value: try container.decode(MetadataValue.self, forKey: .value))
    }
  }

  /// The store's filter.
  ///
  /// - Throws: ``HTTPError`` with 400.
  var filter: Filter {
    get throws {
      switch self {
      case .compound(let type, let parts):
        guard let first = parts.first else {
          throw Self.invalid("\"\(type)\" joins no filters; give it some")
        }
        // Halves, not a chain: many filters would else be as many levels.
        guard parts.count > 1 else { return try first.filter }
        let half = parts.count / 2
        let left = try Self.compound(type: type, Array(parts[..<half])).filter
        let right = try Self.compound(type: type, Array(parts[half...])).filter
        return type == "and" ? .and(left, right) : .or(left, right)
      case .comparison(let key, let type, let value):
        // An attribute, even if the store has a field of its own by this name.
        let field = Filter.Field.metadata([key])
        switch type {
        case "eq": return .compare(field, .equal, value)
        case "ne": return .not(.compare(field, .equal, value))
        case "gt": return .compare(field, .greater, value)
        case "gte": return .compare(field, .atLeast, value)
        case "lt": return .compare(field, .less, value)
        case "lte": return .compare(field, .atMost, value)
        case "in", "nin":
          guard case .array(let values) = value else {
            throw Self.invalid(
              "\"\(type)\" compares \(key.prefix(60)) with a list; send one as value")
          }
          let filter = Filter.oneOf(field, values)
          return type == "in" ? filter : .not(filter)
        default:
          throw Self.invalid(
            "there is no filter \"\(type.prefix(40))\"; there is eq, ne, gt, gte, lt, lte, in, nin, and, or"
          )
        }
      }
    }
  }

  private static func invalid(_ message: String) -> HTTPError {
    HTTPError(400, "invalid_filter", message, parameter: "filters")
  }
}
