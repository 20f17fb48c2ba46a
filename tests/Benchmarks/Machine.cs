namespace IntegrationHub.Benchmarks;

/// <summary>What figures were taken on.</summary>
internal static class Machine
{
    /// <summary>The processor's name, where the system tells (Linux).</summary>
    public static string Processor
    {
        get
        {
            const string file = "/proc/cpuinfo";
            var line = File.Exists(file) ? File.ReadLines(file).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal)) : null;
            return line?[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim() ?? "unknown processor";
        }
    }

    public static long MemoryGb => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 30;
}
