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

    /// <summary>How many processes were running or waiting to, on average over 1, 5 and 15 minutes: above the number of cores, times say little.</summary>
    public static string Load => File.Exists("/proc/loadavg") ? string.Join(' ', File.ReadAllText("/proc/loadavg").Split(' ').Take(3)) : "unknown";

    public static long MemoryGb => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 30;

    /// <summary>Where the data folders of the benchmarks are.</summary>
    public static string FileSystem => new DriveInfo(Path.GetTempPath()).DriveFormat;

    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
    }
}
