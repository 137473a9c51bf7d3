// swift-tools-version: 6.2
// Layers, lowest last: store → StoreCLI → VectorStore → VectorStoreEmbedding → VectorStoreText and
// VectorStoreSearch.
import PackageDescription

let package = Package(
  name: "vector-store",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "VectorStore", targets: ["VectorStore"]),
    .executable(name: "store", targets: ["store"]),
  ],
  traits: [
    .trait(
      name: "Postgres",
      description: "Stores on PostgreSQL with pgvector, through libpq, beside stores in files.")
  ],
  dependencies: [
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    .executableTarget(name: "store", dependencies: ["StoreCLI"]),
    .target(
      name: "StoreCLI",
      dependencies: [
        "VectorStore",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ]),
    .target(
      name: "VectorStore",
      dependencies: [
        "VectorStoreEmbedding", "VectorStoreSearch", "VectorStoreText",
        .target(name: "VectorStorePostgres", condition: .when(traits: ["Postgres"])),
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "GRDBSQLite", package: "GRDB.swift"),
        .product(name: "Logging", package: "swift-log"),
      ]),
    .target(
      name: "VectorStoreEmbedding",
      dependencies: [
        "VectorStoreText", "VectorStoreSearch", "CCurl",
        .product(name: "Logging", package: "swift-log"),
      ]),
    .target(
      name: "VectorStoreText",
      dependencies: ["CHTML", "CSHA256", .product(name: "Yams", package: "Yams")]),
    .target(name: "VectorStoreSearch", dependencies: ["COpenBLAS", "CVectorKernels"]),
    .target(name: "CVectorKernels"),
    .target(name: "CSHA256"),
    // Loads libcurl when the first request is sent; only its header is needed to build.
    .target(name: "CCurl"),
    // Loads libxml2 when the first web page is read.
    .target(name: "CHTML"),
    .systemLibrary(
      name: "COpenBLAS", pkgConfig: "openblas",
      providers: [.apt(["libopenblas-dev"]), .brew(["openblas"])]),

    // Empty without the trait.
    .target(
      name: "VectorStorePostgres",
      dependencies: [.target(name: "CLibpq", condition: .when(traits: ["Postgres"]))]),
    .systemLibrary(
      name: "CLibpq", pkgConfig: "libpq",
      providers: [.apt(["libpq-dev"]), .brew(["libpq"])]),

    .target(
      name: "TestSupport",
      path: "Tests/TestSupport",
      exclude: [
        "retrieval_reference.py", "statistics_reference.py", "tls_and_proxy.py",
      ]),
    .testTarget(
      name: "VectorStoreTextTests",
      dependencies: ["VectorStoreText", "CSHA256", "TestSupport"],
      exclude: ["Tokens/Fixtures"]),
    .testTarget(
      name: "VectorStoreEmbeddingTests",
      dependencies: ["VectorStoreEmbedding", "VectorStoreText", "TestSupport"]),
    .testTarget(
      name: "VectorStorePostgresTests", dependencies: ["VectorStorePostgres", "TestSupport"]),
    .testTarget(
      name: "VectorStoreSearchTests",
      dependencies: ["VectorStoreSearch", "CVectorKernels", "TestSupport"]),
    // What a user of the library writes. Tests/ExampleClient compiles it as another package, so that it sees
    // only what is public.
    .testTarget(name: "ExampleClientTests", dependencies: ["VectorStore"]),
    .testTarget(
      name: "VectorStoreTests",
      dependencies: [
        "VectorStore", "TestSupport", .product(name: "GRDB", package: "GRDB.swift"),
      ],
      exclude: ["File/Fixtures"]),
    .testTarget(
      name: "StoreCLITests",
      dependencies: [
        "store", "StoreCLI", "VectorStore", "TestSupport",
        .product(name: "GRDB", package: "GRDB.swift"),
      ],
      exclude: ["Documents", "Help", "Questions"]),
  ],
  swiftLanguageModes: [.v6]
)

// CI sets this: a warning in the project's own code is then an error.
let warningsAreErrors = Context.environment["VECTOR_STORE_WARNINGS_AS_ERRORS"] != nil

// `.scripts/test` sets this: the library is then optimised in debug builds too, with its assertions. A package
// that depends on this one never sets it, and never builds with such flags.
let testsAreOptimised = Context.environment["VECTOR_STORE_OPTIMISED_TESTS"] != nil

for target in package.targets where target.type != .system {
  if target.name.hasPrefix("C") {
    target.cSettings =
      (warningsAreErrors ? [.treatAllWarnings(as: .error)] : [])
      + (testsAreOptimised ? [.unsafeFlags(["-O2"])] : [])
    continue
  }
  // The tests of search too, whose oracles are plain loops.
  let isOptimised =
    testsAreOptimised
    && (target.type == .regular || target.name == "VectorStoreSearchTests")
  target.swiftSettings =
    [
      .enableUpcomingFeature("ExistentialAny"),
      .enableUpcomingFeature("InternalImportsByDefault"),
      .enableUpcomingFeature("MemberImportVisibility"),
    ] + (warningsAreErrors ? [.treatAllWarnings(as: .error)] : [])
    + (isOptimised ? [.unsafeFlags(["-O", "-assert-config", "Debug"])] : [])
}
