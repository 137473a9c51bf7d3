// One request on its way: sets libcurl up for it, hands over the body, collects the answer within
// bounds.

import CCurl
import Foundation

/// A transfer. It is made anywhere, and from its start on it belongs to ``HTTPThread``: that is why it
/// is `@unchecked Sendable`.
final class HTTPTransfer: @unchecked Sendable {
  let lane: HTTPLane
  let deadline: ContinuousClock.Instant
  var continuation: CheckedContinuation<HTTPAnswer, any Error>?
  var isCancelled = false
  private(set) var easy: UnsafeMutableRawPointer?

  private let request: HTTPTransport.Request
  private let options: HTTPTransport.Options
  private var headers: UnsafeMutablePointer<curl_slist>?
  private let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
  /// The bytes of the body that libcurl took. It takes the first when it is connected, through TLS
  /// too, and has written the headers: before that, nothing can be billed.
  private var handedOver = 0
  private var answer: HTTPAnswer?
  private var isHeadWhole = false
  private var headBytes = 0
  private var isTooLarge = false

  /// The most bytes of an answer's headers. Servers send less than 10 KB.
  private static let headLimit = 262_144
  /// The most bytes of an answer that is an error: as much as is enough to tell which.
  private static let errorLimit = 65_536

  init(_ request: HTTPTransport.Request, _ options: HTTPTransport.Options, _ lane: HTTPLane) {
    self.request = request
    self.options = options
    self.lane = lane
    deadline = .now + .seconds(options.timeout)
    errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
  }

  deinit {
    ccurl_slist_free_all(headers)
    errorText.deallocate()
  }

  /// Sets libcurl up.
  ///
  /// - Throws: ``TransportFailure`` if it refuses a setting, or a header could not be sent as one.
  func prepare() throws -> UnsafeMutableRawPointer {
    guard let easy = ccurl_easy_init() else {
      throw TransportFailure(.broken, detail: "libcurl cannot start")
    }
    self.easy = easy
    // Without a value: headers that libcurl would add, and is not to.
    for (name, value) in request.headers + [("Expect", ""), ("Accept-Encoding", "")] {
      try addHeader(name, value)
    }
    func check(_ code: CURLcode) throws {
      guard code != CURLE_OK else { return }
      throw TransportFailure(.broken, detail: String(cString: ccurl_easy_strerror(code)))
    }
    let milliseconds = min(options.timeout, 10) * 1000
    try check(ccurl_set_text(easy, CURLOPT_URL, request.url))
    try check(ccurl_allow_http_only(easy))
    try check(ccurl_set_long(easy, CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1)))
    try check(ccurl_set_long(easy, CURLOPT_PATH_AS_IS, 1))
    try check(ccurl_set_long(easy, CURLOPT_NOSIGNAL, 1))
    try check(ccurl_set_long(easy, CURLOPT_CONNECTTIMEOUT_MS, max(1, Int(milliseconds))))
    try check(ccurl_end_without_waiting(easy))
    // Compression is not asked for; what comes compressed all the same is understood.
    try check(ccurl_set_text(easy, CURLOPT_ACCEPT_ENCODING, "identity"))
    try check(ccurl_set_long(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1))
    if let method = request.method {
      try check(ccurl_set_text(easy, CURLOPT_CUSTOMREQUEST, method))
    }
    if !options.usesProxy { try check(ccurl_set_text(easy, CURLOPT_PROXY, "")) }
    if let file = options.certificateFile { try check(ccurl_set_text(easy, CURLOPT_CAINFO, file)) }
    try check(ccurl_set_pointer(easy, CURLOPT_HTTPHEADER, headers))
    try check(ccurl_set_pointer(easy, CURLOPT_ERRORBUFFER, errorText))

    let context = Unmanaged.passUnretained(self).toOpaque()
    try check(ccurl_set_callback(easy, CURLOPT_HEADERFUNCTION, Self.onHeader))
    try check(ccurl_set_pointer(easy, CURLOPT_HEADERDATA, context))
    try check(ccurl_set_callback(easy, CURLOPT_WRITEFUNCTION, Self.onBody))
    try check(ccurl_set_pointer(easy, CURLOPT_WRITEDATA, context))
    if let body = request.body {
      try check(ccurl_set_long(easy, CURLOPT_POST, 1))
      try check(ccurl_set_size(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count)))
      try check(ccurl_set_callback(easy, CURLOPT_READFUNCTION, Self.onRead))
      try check(ccurl_set_pointer(easy, CURLOPT_READDATA, context))
      try check(ccurl_forbid_resending(easy))
      // It would connect again before it finds that it cannot.
      try check(ccurl_set_connect_callback(easy, Self.onConnect))
      try check(ccurl_set_pointer(easy, CURLOPT_SOCKOPTDATA, context))
    } else {
      // On a kept connection that breaks, libcurl would send it again.
      try check(ccurl_set_long(easy, CURLOPT_FRESH_CONNECT, 1))
    }
    return easy
  }

  private func addHeader(_ name: String, _ value: String) throws {
    let line = "\(name): \(value)"
    // A line end would begin another header, a zero would end this one.
    guard line.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }),
      let list = ccurl_slist_append(headers, line)
    else {
      throw TransportFailure(.broken, detail: "the header \(name) holds what no header can hold")
    }
    headers = list
  }

  // MARK: - What libcurl calls

  private static func transfer(_ context: UnsafeMutableRawPointer?) -> HTTPTransfer? {
    context.map { Unmanaged<HTTPTransfer>.fromOpaque($0).takeUnretainedValue() }
  }

  private static let onRead: ccurl_callback = { bytes, size, count, context in
    transfer(context)?.read(into: .init(start: bytes, count: size * count)) ?? 0
  }

  private static let onHeader: ccurl_callback = { bytes, size, count, context in
    transfer(context)?.takeHeader(.init(start: bytes, count: size * count)) ?? 0
  }

  private static let onBody: ccurl_callback = { bytes, size, count, context in
    transfer(context)?.takeBody(.init(start: bytes, count: size * count)) ?? 0
  }

  private static let onConnect: curl_sockopt_callback = { context, _, _ in
    transfer(context)?.handedOver == 0 ? CURL_SOCKOPT_OK : CURL_SOCKOPT_ERROR
  }

  private func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    let next = request.body?.dropFirst(handedOver).prefix(buffer.count) ?? []
    buffer.copyBytes(from: next)
    handedOver += next.count
    return next.count
  }

  /// Takes one line of the head, or of what follows a body in chunks. Returns less than its length to
  /// end the transfer.
  private func takeHeader(_ line: UnsafeRawBufferPointer) -> Int {
    headBytes += line.count
    guard headBytes <= Self.headLimit else {
      isTooLarge = true
      return 0
    }
    guard !isHeadWhole else { return line.count }
    let text = line.prefix { $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: "\n") }
    if text.starts(with: "HTTP/".utf8) {
      let words = text.split(separator: UInt8(ascii: " "))
      let status = words.dropFirst().first.flatMap { Int(String(decoding: $0, as: UTF8.self)) } ?? 0
      // Below 200 it only announces the answer.
      answer = status < 200 ? nil : HTTPAnswer(status: status, headers: [:], body: [])
    } else if text.isEmpty {
      guard let answer else { return line.count }
      isHeadWhole = true
      guard answer.isSuccess, let length = answer.headers["content-length"].flatMap({ Int($0) })
      else { return line.count }
      isTooLarge = length > request.answerLimit
      guard !isTooLarge else { return 0 }
      self.answer?.body.reserveCapacity(max(0, length))
    } else if let colon = text.firstIndex(of: UInt8(ascii: ":")) {
      let name = String(decoding: text[..<colon], as: UTF8.self).lowercased()
      let value = String(decoding: text[(colon + 1)...], as: UTF8.self)
      if answer?.headers[name] == nil {
        answer?.headers[name] = value.trimmingCharacters(in: .whitespaces)
      }
    }
    return line.count
  }

  private func takeBody(_ bytes: UnsafeRawBufferPointer) -> Int {
    guard let isSuccess = answer?.isSuccess, let count = answer?.body.count else { return 0 }
    let left = (isSuccess ? request.answerLimit : Self.errorLimit) - count
    isTooLarge = bytes.count > left
    answer?.body.append(contentsOf: bytes.prefix(left))
    return min(bytes.count, left)
  }

  // MARK: - The end

  /// What is to be told of a transfer that libcurl ended so.
  func outcome(_ code: CURLcode) -> Result<HTTPAnswer, any Error> {
    if let answer, isHeadWhole, code == CURLE_OK || !answer.isSuccess { return .success(answer) }
    // An end in the head is no error to libcurl.
    let code = code == CURLE_OK ? CURLE_GOT_NOTHING : code
    let wasSent =
      request.body == nil ? ccurl_long(easy, CURLINFO_REQUEST_SIZE) > 0 : handedOver > 0
    if isTooLarge { return .failure(TransportFailure(.tooLarge, wasSent: wasSent)) }
    let text = String(cString: errorText)
    return .failure(
      TransportFailure(
        code, wasSent: wasSent,
        systemError: code == CURLE_COULDNT_CONNECT ? Int32(ccurl_long(easy, CURLINFO_OS_ERRNO)) : 0,
        text: text.isEmpty ? String(cString: ccurl_easy_strerror(code)) : text))
  }

  /// Lets go of libcurl's handle, and tells whoever waits for the outcome, once.
  func end(_ outcome: Result<HTTPAnswer, any Error>) {
    ccurl_easy_cleanup(easy)
    easy = nil
    continuation?.resume(with: outcome)
    continuation = nil
  }
}
