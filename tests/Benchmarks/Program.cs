using IntegrationHub.Benchmarks;

// dotnet run -c Release --project tests/Benchmarks -- ingest [--seconds 10] [--connections 64]
// dotnet run -c Release --project tests/Benchmarks -- startup [--rounds 5] [--manifests 200] [--code 50] [--hub path/to/hub.dll]...
// dotnet run -c Release --project tests/Benchmarks -- guard [--calls 100000]
return args switch
{
    ["baseline-server", var port] => await BaselineServer.RunAsync(int.Parse(port, System.Globalization.CultureInfo.InvariantCulture)),
    ["ingest", .. var options] => await IngestBenchmark.RunAsync(BenchmarkOptions.Parse(options)),
    [StartupCommands.Nothing] => 0,
    ["guard", .. var options] => await GuardBenchmark.RunAsync(options),
    ["startup", .. var options] => await StartupBenchmark.RunAsync(StartupOptions.Parse(options)),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("Usage: benchmarks ingest [--seconds N] [--connections N] [--warmup N]");
    Console.Error.WriteLine("       benchmarks startup [--rounds N] [--manifests N] [--code N] [--hub path/to/hub.dll]...");
    Console.Error.WriteLine("       benchmarks guard [--calls N]");
    return 64;
}
