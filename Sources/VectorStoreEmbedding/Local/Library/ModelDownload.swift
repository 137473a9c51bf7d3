// Fetches a model's files from a server in Hugging Face's form, piece by piece, to the disk.

import Foundation
import VectorStoreText

/// Downloads one model into a folder.
struct ModelDownload: Sendable {
  /// The bytes that are asked for at once: what memory holds, and what a break loses.
  private static let pieceBytes = 8 << 20
  /// The seconds of a piece: a slow line gets 70 KB/s.
  private static let pieceSeconds = 120.0
  /// Small files are at most as large as the largest known tokenizer, ten times.
  private static let mostSmallBytes = 256 << 20
  private static let mostRedirects = 5

  /// The files of a model beside its weights, and whether it needs them.
  private static let files = [
    ("config.json", true), ("tokenizer.json", true), ("tokenizer_config.json", false),
    ("modules.json", false), ("1_Pooling/config.json", false), ("sentence_bert_config.json", false),
    ("config_sentence_transformers.json", false),
  ]
  static let weights = "model.safetensors"

  private let model: KnownLocalModel
  private let address: String
  private let transport: HTTPTransport

  /// - Parameter address: the server's, as `https://huggingface.co`.
  init(_ model: KnownLocalModel, address: String, certificateFile: String?) {
    self.model = model
    self.address = address.hasSuffix("/") ? String(address.dropLast()) : address
    transport = HTTPTransport(
      .init(
        timeout: Self.pieceSeconds,
        usesProxy: (try? ServiceAddress(address))?.isLoopback != true,
        certificateFile: certificateFile))
  }

  /// Fetches all files into a folder that is there and empty.
  ///
  /// - Parameter progress: called with the bytes of the weights that are there.
  /// - Throws: ``LocalModelError`` with `download`, also for weights of another hash; `CancellationError`.
  func run(into folder: String, progress: @Sendable (Int) -> Void) async throws {
    for (file, isNeeded) in Self.files {
      guard let bytes = try await small(file) else {
        guard isNeeded else { continue }
        throw failure("\(file) is not there (status 404)")
      }
      let place = URL(filePath: folder + "/" + file)
      try FileManager.default.createDirectory(
        at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(bytes).write(to: place)
    }
    try await fetchWeights(into: folder + "/" + Self.weights, progress)
  }

  private func failure(_ problem: String) -> LocalModelError {
    LocalModelError(
      .download,
      "\(model.name) cannot be fetched from \(address): \(problem); try again, or fetch the folder "
        + "\(model.repository) by other means and add it")
  }

  private func url(_ file: String) -> String {
    "\(address)/\(model.repository)/resolve/main/\(file)"
  }

  private func small(_ file: String) async throws -> [UInt8]? {
    let answer = try await get(url(file), range: nil, limit: Self.mostSmallBytes)
    if answer.status == 404 { return nil }
    guard answer.isSuccess else {
      throw failure("\(file): the server answered with \(answer.status)")
    }
    return answer.body
  }

  private func fetchWeights(into path: String, _ progress: @Sendable (Int) -> Void) async throws {
    guard FileManager.default.createFile(atPath: path, contents: nil),
      let file = FileHandle(forWritingAtPath: path)
    else { throw failure("\(path) cannot be written") }
    defer { try? file.close() }
    var hash = SHA256()
    var (count, total) = (0, 1)
    while count < total {
      let answer = try await get(
        url(Self.weights), range: count...(count + Self.pieceBytes - 1), limit: model.bytes * 2)
      guard answer.isSuccess else {
        throw failure("\(Self.weights): the server answered with \(answer.status)")
      }
      // A server without ranges sends all of it at once.
      let range = answer.headers["content-range"]?.split(separator: "/").last.flatMap { Int($0) }
      total = answer.status == 206 ? range ?? 0 : answer.body.count
      guard answer.status == 206 || count == 0, !answer.body.isEmpty, total <= model.bytes * 2,
        count + answer.body.count <= total
      else {
        throw failure(
          "\(Self.weights): the server sent \(answer.body.count) bytes from \(count) on, of \(total)"
        )
      }
      try file.write(contentsOf: answer.body)
      hash.add(answer.body)
      count += answer.body.count
      progress(count)
    }
    let found = hash.finish().hexadecimal
    guard found == model.sha256 else {
      throw failure(
        "\(Self.weights) has the SHA-256 \(found), \(model.sha256) is expected: it is damaged or another file"
      )
    }
  }

  /// A GET that follows redirects, but never from https to http.
  private func get(_ url: String, range: ClosedRange<Int>?, limit: Int) async throws -> HTTPAnswer {
    var url = url
    for _ in 0...Self.mostRedirects {
      var headers = [("User-Agent", "vector-store/0.1.0")]
      if let range { headers.append(("Range", "bytes=\(range.lowerBound)-\(range.upperBound)")) }
      let answer: HTTPAnswer
      do {
        answer = try await transport.send(
          HTTPTransport.Request(url: url, headers: headers, answerLimit: limit))
      } catch let error as TransportFailure {
        throw failure("\(error)")
      }
      guard [301, 302, 303, 307, 308].contains(answer.status) else { return answer }
      guard let place = answer.headers["location"],
        let next = URL(string: place, relativeTo: URL(string: url))?.absoluteURL
      else { throw failure("a redirect leads nowhere") }
      guard next.scheme == "https" || url.hasPrefix("http://") else {
        throw failure("a redirect leads from https to \(next.scheme ?? "nothing")")
      }
      url = next.absoluteString
    }
    throw failure("more than \(Self.mostRedirects) redirects")
  }
}
