// Forms with files, as `multipart/form-data` (RFC 7578) sends them.

import Foundation

/// The fields of a form.
struct Multipart: Sendable {
  /// A field that is a file.
  struct File: Sendable {
    /// The last part of its name.
    let name: String
    let bytes: Data
  }

  private(set) var fields: [String: String] = [:]
  private(set) var files: [String: File] = [:]

  /// Reads a form.
  ///
  /// - Throws: ``HTTPError`` with 400 or 415.
  init(_ request: HTTPRequest) throws(HTTPError) {
    let type = request.head.headers["content-type"] ?? ""
    guard let boundary = Self.parameter("boundary", of: type),
      type.lowercased().hasPrefix("multipart/form-data"), (1...70).contains(boundary.utf8.count)
    else {
      throw HTTPError(
        415, "no_form",
        "the body is not a form with files; send multipart/form-data with a boundary (curl: -F file=@name)"
      )
    }
    let body = request.body
    let mark = Data("--\(boundary)".utf8)
    guard var place = Self.firstEnd(of: mark, in: body) else {
      throw Self.malformed("it does not begin with its boundary")
    }
    for _ in 0..<100 {
      if body[place...].starts(with: Data("--".utf8)) { return }
      guard body[place...].starts(with: Data("\r\n".utf8)),
        let blank = body.range(of: Data("\r\n\r\n".utf8), in: place..<body.endIndex),
        blank.lowerBound - place < 8192
      else { throw Self.malformed("a part has no end of its head") }
      let start = blank.upperBound
      guard let end = body.range(of: Data("\r\n".utf8) + mark, in: (start - 2)..<body.endIndex)
      else {
        throw Self.malformed("a part has no end")
      }
      let content = end.lowerBound > start ? Data(body[start..<end.lowerBound]) : Data()
      try add(String(decoding: body[place..<blank.lowerBound], as: UTF8.self), content)
      place = end.upperBound
    }
    throw Self.malformed("it has more than 100 parts")
  }

  /// The end of the first boundary; what stands before it is passed over.
  private static func firstEnd(of mark: Data, in body: Data) -> Int? {
    if body.starts(with: mark) { return body.startIndex + mark.count }
    return body.range(of: Data("\r\n".utf8) + mark)?.upperBound
  }

  private mutating func add(_ head: String, _ content: Data) throws(HTTPError) {
    let lines = head.components(separatedBy: "\r\n")
    guard
      let disposition = lines.first(where: {
        $0.lowercased().hasPrefix("content-disposition:")
      }), let name = Self.parameter("name", of: disposition)
    else { throw Self.malformed("a part has no name") }
    guard let file = Self.parameter("filename", of: disposition) else {
      fields[name] = String(decoding: content, as: UTF8.self)
      return
    }
    let last = file.replacing("\\", with: "/").split(separator: "/").last ?? ""
    let isName =
      !last.isEmpty && last.utf8.count <= 255 && last != "." && last != ".."
      && !last.unicodeScalars.contains { $0.properties.generalCategory == .control }
    guard isName else {
      throw HTTPError(
        400, "invalid_argument",
        "the file has no name that can be kept; give it one of at most 255 bytes",
        parameter: name)
    }
    files[name] = File(name: String(last), bytes: content)
  }

  /// A parameter of a header, in quotes or not; browsers write a quote as %22.
  private static func parameter(_ name: String, of header: String) -> String? {
    for match in header.matches(of: /;\s*([A-Za-z*]+)=(?:"((?:[^"\\]|\\.)*)"|([^;\s]*))/) {
      guard match.1.lowercased() == name else { continue }
      let value = match.2.map {
        String($0).replacing("\\\"", with: "\"").replacing("\\\\", with: "\\")
      }
      return (value ?? match.3.map { String($0) } ?? "").replacing("%22", with: "\"")
    }
    return nil
  }

  private static func malformed(_ what: String) -> HTTPError {
    HTTPError(400, "bad_form", "the form cannot be read: \(what); send multipart/form-data")
  }
}
