import Foundation
import TestSupport
import Testing

@testable import StoreCLI

/// Requests out of bytes, and what is refused.
@Suite struct HTTPReaderTests {
  private static func reader(
    _ parts: [[UInt8]], _ limits: HTTPLimits = HTTPLimits(), end: HTTPReader.Received = .end
  ) -> HTTPReader {
    // Only one reader asks, on one thread.
    nonisolated(unsafe) var parts = parts[...]
    return HTTPReader(limits: limits) { _ in parts.popFirst().map { .bytes($0) } ?? end }
  }

  private static func reader(
    _ text: String, _ limits: HTTPLimits = HTTPLimits(), end: HTTPReader.Received = .end
  ) -> HTTPReader {
    reader([Array(text.utf8)], limits, end: end)
  }

  /// All requests of a connection with their bodies.
  private static func requests(
    _ reader: HTTPReader
  ) throws(HTTPError) -> [(HTTPHead, Data)] {
    var (reader, requests) = (reader, [(HTTPHead, Data)]())
    while let head = try reader.head() {
      let length = try reader.length(of: head)
      requests.append((head, try reader.body(length) { _ throws(HTTPError) in }))
    }
    return requests
  }

  @Test func readsRequestsOneAfterTheOther() throws {
    let text =
      "GET /a%20b?x=1&y=a+b%26 HTTP/1.1\r\nHost: h\r\nAccept: a\r\naccept:\tb \r\n\r\n"
      + "POST /c HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc\r\n"
      + "POST /d HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nX: y\r\n\r\n"
      + "GET /e HTTP/1.0\r\n\r\n"
    // In one piece, and a byte at a time.
    for parts in [[Array(text.utf8)], text.utf8.map { [$0] }] {
      let found = try Self.requests(Self.reader(parts))
      #expect(found.map(\.0.path) == ["/a%20b", "/c", "/d", "/e"])
      #expect(found[0].0.query == ["x": "1", "y": "a b&"])
      #expect(found[0].0.headers["accept"] == "a, b")
      #expect(
        found.map { String(decoding: $0.1, as: UTF8.self) } == ["", "abc", "abc0123456789", ""])
      #expect(found.map(\.0.keepsAlive) == [true, true, true, false])
    }
  }

  @Test(arguments: [
    ("GET / HTTP/1.1\nHost: h\r\n\r\n", 400), ("GET  / HTTP/1.1\r\n\r\n", 400),
    ("GET http://h/ HTTP/1.1\r\n\r\n", 400), ("G T / HTTP/1.1\r\n\r\n", 400),
    ("GET / HTTP/2.0\r\n\r\n", 505), ("GET / HTTP/1.1\r\nHost : h\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\n Host: h\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: h\r\n x\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nA: \u{1}\r\n\r\n", 400), ("GET /?a=%f HTTP/1.1\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na", 400),
    ("GET / HTTP/1.1\r\nContent-Length: +1\r\n\r\na", 400),
    ("GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
    ("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", 400),
    ("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n", 413),
    ("GET / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", 413),
    ("GET / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nContent-Length: 5\r\n\r\nabc", 400), ("GET / HT", 400),
  ])
  func refusesWhatIsNotPlainHTTP(text: String, status: Int) {
    #expect("\(text.debugDescription)") {
      _ = try Self.requests(Self.reader(text))
    } throws: {
      ($0 as? HTTPError)?.status == status
    }
  }

  @Test func refusesWhatIsOverItsLimits() {
    func status(_ reader: HTTPReader) -> Int? {
      do throws(HTTPError) {
        _ = try Self.requests(reader)
        return nil
      } catch {
        return error.status
      }
    }
    var limits = HTTPLimits()
    (limits.head, limits.headers, limits.body) = (100, 3, 10)
    let long = String(repeating: "a", count: 200)
    #expect(status(Self.reader("GET / HTTP/1.1\r\nA: \(long)\r\n\r\n", limits)) == 431)
    #expect(status(Self.reader("GET /\(long)", limits)) == 431)
    #expect(status(Self.reader("GET / HTTP/1.1\r\na:\r\nb:\r\nc:\r\nd:\r\n\r\n", limits)) == 431)
    #expect(status(Self.reader("GET / HTTP/1.1\r\na:\r\nb:\r\nc:\r\n\r\n", limits)) == nil)
    #expect(status(Self.reader("PUT / HTTP/1.1\r\nContent-Length: 11\r\n\r\n", limits)) == 413)
    // Nobody has to send a byte for a connection that ends by itself.
    #expect(status(Self.reader("", end: .timeout)) == nil)
    #expect(status(Self.reader("GET / HT", end: .timeout)) == 408)
    #expect(
      status(Self.reader("PUT / HTTP/1.1\r\nContent-Length: 9\r\n\r\nab", end: .timeout)) == 408)
  }

  @Test func idsOfClientsStandInTheLogOnlyIfTheyFit() {
    #expect(HTTPHead.id(given: ["x-request-id": "my-id_1.2"]) == "my-id_1.2")
    #expect(HTTPHead.id(given: ["x-client-request-id": "abc"]) == "abc")
    for unfit in ["", "a b", "a\u{1B}[2J", String(repeating: "a", count: 65)] {
      let id = HTTPHead.id(given: ["x-request-id": unfit])
      #expect(id.hasPrefix("req_") && id.count == 20)
    }
  }

  @Test func tenThousandBrokenRequestsAreReadOrRefused() {
    let seeds = [
      "GET /api/search?question=a%20b&limit=3 HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\n\r\n",
      "POST /v1/files HTTP/1.1\r\nHost: h\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 12\r\n\r\n--x\r\n\r\n--x--",
      "PUT /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n",
      "DELETE /api/documents/a HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.1\r\n\r\n",
    ].map { Array($0.utf8) }
    var random = SeededGenerator(seed: 20_261_129)
    var (read, refused) = (0, 0)
    for _ in 0..<10_000 {
      var bytes = seeds[Int.random(in: 0..<seeds.count, using: &random)]
      for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<5, using: &random) {
        case 0: bytes[place] = UInt8.random(in: .min ... .max, using: &random)
        case 1: bytes.remove(at: place)
        case 2: bytes.removeSubrange(place...)
        case 3:
          let other = seeds[Int.random(in: 0..<seeds.count, using: &random)]
          bytes.insert(contentsOf: other.suffix(Int.random(in: 0..<30, using: &random)), at: place)
        default:
          let values = ["\r\n", "%", "0", "FFFFFFFFFFFFFFFF", ":", "\r\n\r\n", "\0", "é", "-1"]
          bytes.insert(
            contentsOf: Array(values[Int.random(in: 0..<values.count, using: &random)].utf8),
            at: place)
        }
      }
      do throws(HTTPError) {
        read += try Self.requests(Self.reader([bytes])).count
      } catch {
        refused += 1
        #expect([400, 413, 431, 501, 505].contains(error.status) && !error.message.isEmpty)
      }
    }
    #expect(read > 1000 && refused > 1000)
  }
}
