// Tells when something in folders changes: inotify on Linux, FSEvents on macOS.

internal import Dispatch
internal import Foundation
internal import Synchronization

#if os(macOS)
  internal import CoreServices
#endif

/// A watch on folders, as long as it is kept.
///
/// `@unchecked Sendable`: nothing of it changes, and the system's objects may be used from any thread.
package final class FolderWatch: @unchecked Sendable {
  /// A folder to watch; not what lies in folders in it.
  package struct Place: Sendable, Hashable {
    /// Absolute.
    package let folder: String
    /// The names that matter; nil is all.
    package let names: Set<String>?

    /// Names a folder, or some files of it.
    package init(folder: String, names: Set<String>? = nil) {
      self.folder = folder
      self.names = names
    }
  }

  /// How many changes there were.
  private final class Count: Sendable {
    let value = Mutex(0)
  }

  /// An element after something changed; changes that nobody has waited for yet are one element.
  private let changes: AsyncStream<Void>
  private let count = Count()
  private let stop: () -> Void

  /// Begins to watch.
  ///
  /// - Parameters:
  ///   - places: the folders. One that is not there is left out.
  ///   - isIgnored: whether a change of the file at a path does not matter.
  /// - Throws: ``FileProblem`` if the system watches no more folders.
  /// - Complexity: O(places).
  package init(_ places: [Place], isIgnored: @escaping @Sendable (String) -> Bool) throws {
    let (changes, continuation) = AsyncStream.makeStream(
      of: Void.self, bufferingPolicy: .bufferingNewest(1))
    self.changes = changes
    stop = try Self.watch(places) { [count] path in
      guard !isIgnored(path) else { return }
      count.value.withLock { $0 += 1 }
      continuation.yield()
    }
  }

  deinit { stop() }

  /// Waits until something changes and then until nothing has changed for a while, at most ten times as long.
  ///
  /// - Throws: `CancellationError`.
  package func next(quiet: Duration) async throws {
    var iterator = changes.makeAsyncIterator()
    guard await iterator.next() != nil else { throw CancellationError() }
    for _ in 0..<10 {
      let before = count.value.withLock { $0 }
      try await Task.sleep(for: quiet)
      if count.value.withLock({ $0 }) == before { return }
    }
  }

  #if os(Linux)
    /// Calls `changed` with the paths of files that come, go or are written. Returns what ends that.
    private static func watch(
      _ places: [Place], _ changed: @escaping @Sendable (String) -> Void
    ) throws -> () -> Void {
      let descriptor = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
      guard descriptor >= 0 else { throw FileProblem(path: "/", reason: .init(errno: errno)) }
      let mask =
        IN_CREATE | IN_DELETE | IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF
        | IN_MOVE_SELF
      var byWatch: [Int32: Place] = [:]
      for place in places {
        let watch = inotify_add_watch(descriptor, place.folder, UInt32(mask))
        if watch >= 0 {
          byWatch[watch] = place
        } else if errno == ENOSPC {
          close(descriptor)
          throw FileProblem(
            path: place.folder,
            reason: .unreadable(
              "the system watches no more folders; raise fs.inotify.max_user_watches"))
        }
      }
      let source = DispatchSource.makeReadSource(
        fileDescriptor: descriptor, queue: DispatchQueue(label: "vector-store.watch"))
      source.setEventHandler { [byWatch] in
        forEachEvent(descriptor) { watch, name in
          guard let place = byWatch[watch] else { return changed("/") }
          guard place.names?.contains(name) ?? true else { return }
          changed(place.folder + "/" + name)
        }
      }
      source.setCancelHandler { close(descriptor) }
      source.resume()
      return { source.cancel() }
    }

    /// Reads what has happened: of which watch, and the name in its folder.
    private static func forEachEvent(_ descriptor: Int32, _ body: (Int32, String) -> Void) {
      var buffer = [UInt8](repeating: 0, count: 1 << 16)
      let header = MemoryLayout<inotify_event>.size
      while case let count = read(descriptor, &buffer, buffer.count), count > 0 {
        buffer.withUnsafeBytes { bytes in
          var offset = 0
          while offset + header <= count {
            let event = bytes.loadUnaligned(fromByteOffset: offset, as: inotify_event.self)
            let name = bytes[(offset + header)..<min(offset + header + Int(event.len), count)]
            body(event.wd, String(decoding: name.prefix { $0 != 0 }, as: UTF8.self))
            offset += header + Int(event.len)
          }
        }
      }
    }
  #elseif os(macOS)
    /// The same by FSEvents, which watches what lies below a folder too.
    private static func watch(
      _ places: [Place], _ changed: @escaping @Sendable (String) -> Void
    ) throws -> () -> Void {
      let named = places.filter { $0.names != nil }
      let names = Dictionary(
        named.map { ($0.folder, $0.names ?? []) }, uniquingKeysWith: { $0.union($1) })
      let whole = places.filter { $0.names == nil }.map(\.folder)
      let receiver = Receiver { path in
        let folder = (path as NSString).deletingLastPathComponent
        let isInside = whole.contains { path == $0 || path.hasPrefix($0 + "/") }
        guard isInside || names[folder]?.contains((path as NSString).lastPathComponent) == true
        else { return }
        changed(path)
      }
      var context = FSEventStreamContext(
        version: 0, info: Unmanaged.passUnretained(receiver).toOpaque(), retain: nil, release: nil,
        copyDescription: nil)
      let callback: FSEventStreamCallback = { _, info, count, paths, _, _ in
        guard let info else { return }
        let receiver = Unmanaged<Receiver>.fromOpaque(info).takeUnretainedValue()
        let paths = unsafeBitCast(paths, to: NSArray.self) as? [String] ?? []
        for path in paths.prefix(count) { receiver.body(path) }
      }
      let flags = kFSEventStreamCreateFlagUseCFTypes | kFSEventStreamCreateFlagFileEvents
      guard
        let stream = FSEventStreamCreate(
          nil, callback, &context, Array(Set(whole + names.keys)) as CFArray,
          FSEventStreamEventId(kFSEventStreamEventIdSinceNow), 0.1,
          FSEventStreamCreateFlags(flags))
      else {
        throw FileProblem(path: "/", reason: .unreadable("the system watches no more folders"))
      }
      FSEventStreamSetDispatchQueue(stream, DispatchQueue(label: "vector-store.watch"))
      FSEventStreamStart(stream)
      let running = Running(stream: stream, receiver: receiver)
      return { running.end() }
    }

    private final class Receiver: Sendable {
      let body: @Sendable (String) -> Void

      init(_ body: @escaping @Sendable (String) -> Void) { self.body = body }
    }

    /// `@unchecked Sendable`: the stream may be ended from any thread, and is once.
    private struct Running: @unchecked Sendable {
      let stream: FSEventStreamRef
      let receiver: Receiver

      func end() {
        FSEventStreamStop(stream)
        FSEventStreamInvalidate(stream)
        FSEventStreamRelease(stream)
      }
    }
  #else
    private static func watch(
      _ places: [Place], _ changed: @escaping @Sendable (String) -> Void
    ) throws -> () -> Void {
      throw FileProblem(path: "/", reason: .unreadable("this system cannot watch folders"))
    }
  #endif
}
