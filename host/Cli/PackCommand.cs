using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using IntegrationHub.Loading.Packaging;

namespace IntegrationHub.Host.Cli;

internal static class PackCommand
{
    public static Command Create(Terminal terminal)
    {
        var folder = new Argument<string>("FOLDER") { Description = "The plugin's folder; of a code plugin after its build." };
        var output = new Option<string?>("--output", "-o") { Description = "The file to write, or the folder to write it into. Default: <id>-<version>.zip in the working folder.", HelpName = "FILE" };
        var command = new Command("pack", "Pack a plugin into one ZIP file with checksums: the same bytes for the same files on every machine.") { folder, output };
        command.SetAction(parsed => Run(terminal, parsed.GetRequiredValue(folder), parsed.GetValue(output)));
        return command;
    }

    private static int Run(Terminal terminal, string folder, string? output)
    {
        var check = PluginCheck.Run(folder);
        FindingWriter.Write(terminal, check.Findings);
        if (check.Errors > 0)
        {
            terminal.Say($"{check.Id ?? FindingWriter.Short(check.Folder)}: {FindingWriter.Count(check.Errors, check.Warnings)}; not packed.");
            WriteJson(terminal, check, null, null, null, 0);
            return CliExitCodes.Findings;
        }

        var name = PluginPackage.FileName(check.Id!, check.Version!);
        var path = Path.GetFullPath(output is null ? name : Directory.Exists(output) ? Path.Combine(output, name) : output);
        var packed = Write(check.Folder, path);
        var bytes = new FileInfo(path).Length;
        var sha256 = HashOf(path);
        terminal.Say(string.Create(CultureInfo.InvariantCulture, $"Packed {terminal.Bold($"{check.Id} {check.Version}")} into {FindingWriter.Short(path)} ({FindingWriter.Plural(packed.Files.Count, "file")}, {bytes} bytes)"));
        terminal.Say();
        terminal.Say("SHA-256");
        terminal.Say($"  file    {sha256}");
        terminal.Say($"  plugin  {packed.Digest}");
        terminal.Say();
        terminal.Say("To have a hub load these files and no others, pin them in its plugins.json:");
        terminal.Say("  {");
        terminal.Say($"    \"path\": \"plugins/{check.Id}\",");
        terminal.Say($"    \"sha256\": \"{packed.Digest}\"");
        terminal.Say("  }");
        WriteJson(terminal, check, path, packed, sha256, bytes);
        return CliExitCodes.Ok;
    }

    /// <summary>Writes beside the file and renames then: a package is there whole or not at all.</summary>
    public static PackedPlugin Write(string folder, string path)
    {
        var target = Path.GetDirectoryName(path)!;
        if (!Directory.Exists(target))
            throw CliException.Usage("file", $"There is no folder '{target}' to write the package into.", "Make it first.");

        var temporary = Path.Combine(target, $".{Path.GetFileName(path)}.{Guid.NewGuid():N}.tmp");
        try
        {
            PackedPlugin packed;
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write))
                packed = PluginPackage.Write(folder, stream);

            File.Move(temporary, path, overwrite: true);
            return packed;
        }
        catch (PackageException fault)
        {
            throw new CliException(CliExitCodes.Findings, "cannot_pack", fault.Message, fault.Issues[0].Hint) { Issues = [.. fault.Issues.Skip(1)] };
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    private static string HashOf(string path)
    {
        using var stream = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    private static void WriteJson(Terminal terminal, PluginCheck check, string? path, PackedPlugin? packed, string? sha256, long bytes)
    {
        if (!terminal.Json)
            return;

        terminal.WriteJson(new JsonObject
        {
            ["ok"] = packed is not null,
            ["id"] = check.Id,
            ["version"] = check.Version,
            ["file"] = path,
            ["bytes"] = packed is null ? null : bytes,
            ["fileSha256"] = sha256,
            ["sha256"] = packed?.Digest,
            ["files"] = packed is null ? null : new JsonArray([.. packed.Files.Select(JsonNode (file) => file)]),
            ["findings"] = FindingWriter.Json(check.Findings),
        });
    }
}
