using IntegrationHub.Manifests;

namespace IntegrationHub.Testing;

/// <summary>One run of the suite.</summary>
internal static class ConformanceSuite
{
    public static async Task<ConformanceReport> RunAsync(string folder, ConformanceOptions options, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var findings = new List<ConformanceFinding>();
        var read = await ReadAsync(folder, findings, cancellationToken).ConfigureAwait(false);
        findings.AddRange((read?.Errors ?? []).Select(issue => new ConformanceFinding { Severity = FindingSeverity.Error, Check = "manifest.rules", Pointer = issue.Pointer, Message = issue.Message, Hint = issue.Hint }));
        return new ConformanceReport
        {
            PluginId = read?.Id,
            Version = read?.Manifest?.Version,
            Kind = read?.Manifest?.Entry is null ? "manifest" : "code",
            Seed = options.Seed,
            Checks = [new ConformanceCheck { Id = "manifest.rules", Title = "the manifest is valid", Cases = 1, Outcome = findings.Count == 0 ? CheckOutcome.Passed : CheckOutcome.Failed }],
            Findings = findings,
        };
    }

    private static async Task<ManifestReadResult?> ReadAsync(string folder, List<ConformanceFinding> findings, CancellationToken cancellationToken)
    {
        try
        {
            return ManifestReader.Read(await File.ReadAllBytesAsync(Path.Combine(folder, "manifest.json"), cancellationToken).ConfigureAwait(false));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            findings.Add(new ConformanceFinding { Severity = FindingSeverity.Error, Check = "manifest.rules", Message = $"The manifest cannot be read: {fault.Message}", Hint = "Name the folder that has manifest.json in it." });
            return null;
        }
    }
}
