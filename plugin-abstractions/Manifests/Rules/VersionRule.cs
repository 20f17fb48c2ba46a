using NuGet.Versioning;

namespace IntegrationHub.Manifests.Rules;

/// <summary>The plugin has a version, and works with this contract.</summary>
internal sealed class VersionRule : IManifestRule
{
    public void Check(ManifestDraft draft, ManifestFindings findings)
    {
        var version = draft.Root["version"];
        if (version.Text is { Length: > 0 } text && !SemanticVersion.TryParse(text, out _))
            findings.Error(version.Pointer, $"\"{text}\" is not a semantic version.", "Write three numbers, such as 1.0.0 (semver.org).");

        var hostApi = draft.Root["hostApi"];
        if (hostApi.Text is not { } range)
            return;

        var offered = new NuGetVersion(ManifestReader.ContractVersion.Major, ManifestReader.ContractVersion.Minor, ManifestReader.ContractVersion.Build);
        if (!VersionRange.TryParse(range, out var wanted))
            findings.Error(hostApi.Pointer, $"\"{range}\" is not a version range.", $"Write \"[{offered.Major}.0,{offered.Major + 1}.0)\".");
        else if (!wanted.Satisfies(offered))
            findings.Error(
                hostApi.Pointer, $"The plugin wants contract version {range}; this host offers {offered}.",
                $"Take a version of the plugin made for contract {offered.Major}.x, or a host that offers {range}. If the plugin works with {offered}, widen the range to include it.");
    }
}
