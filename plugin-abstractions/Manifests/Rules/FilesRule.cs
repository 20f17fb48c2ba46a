namespace IntegrationHub.Manifests.Rules;

/// <summary>Files stand beside the manifest: a name that leads elsewhere is refused.</summary>
internal sealed class FilesRule : IManifestRule
{
    public void Check(ManifestDraft draft, ManifestFindings findings)
    {
        foreach (var file in (Place[])[draft.Root["icon"], draft.Root["entry"]["assembly"]])
            if (file.Text is { } name && !IsPlain(name))
                findings.Error(file.Pointer, "This must be a plain file name.", "Put the file beside the manifest, and write its name without folders.");
    }

    private static bool IsPlain(string name) =>
        name.Length is > 0 and <= 128 && name[0] != '.' && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_') && !name.Contains("..", StringComparison.Ordinal);
}
