using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using NuGet.Versioning;

namespace IntegrationHub.Host.Cli;

/// <summary><c>hub plugin new</c>: <c>dotnet new intg-plugin</c> with the template and the packages that this hub came with.</summary>
internal static partial class NewCommand
{
    private const string TemplatePackage = "IntegrationHub.Templates";
    private const string Template = "intg-plugin";

    public static Command Create(Terminal terminal)
    {
        var name = new Argument<string>("NAME") { Description = "The provider's name." };
        var kind = Choice("--kind", "What runs the operations: the hub, as the manifest says, or code of yours. Default: manifest.", "manifest", "code");
        var auth = Choice("--auth", "How the provider knows who calls. Default: api_key.", "api_key", "basic", "bearer", "oauth2", "none");
        var webhooks = Choice("--webhooks", "How the provider signs its webhooks. Default: hmac.", "hmac", "standard", "token", "none");
        var languages = new Option<string?>("--languages") { Description = "The languages of the texts that people read, with ; between them. Default: \"en;ar\".", HelpName = "LIST" };
        var id = new Option<string?>("--id") { Description = "The provider's id: lower-case letters, digits and hyphens. Default: made from the name.", HelpName = "ID" };
        var address = new Option<string?>("--base-url") { Description = "The address below which the provider's API lies. Default: an example.", HelpName = "URL" };
        var output = new Option<string?>("--output", "-o") { Description = "The folder to make it in. Default: one of its name in the working folder.", HelpName = "DIR" };
        var packages = new Option<string?>("--packages") { Description = "The folder with the template and the packages that the plugin references. Default: those that this hub came with.", HelpName = "DIR" };
        var command = new Command("new", "Make a plugin project: manifest, simulator answers, vendor description, tests with the conformance kit, README. Needs the .NET SDK.")
        {
            name, kind, auth, webhooks, languages, id, address, output, packages,
        };
        command.SetAction((parsed, cancellationToken) =>
        {
            List<string> arguments = ["--name", parsed.GetRequiredValue(name)];
            foreach (var (option, key) in (ReadOnlySpan<(Option<string?>, string)>)[(kind, "--kind"), (auth, "--auth"), (webhooks, "--webhooks"), (id, "--id"), (address, "--base-url")])
                if (parsed.GetValue(option) is { } value)
                    arguments.AddRange([key, value]);

            foreach (var language in Languages(parsed.GetValue(languages) ?? ""))
                arguments.AddRange(["--languages", language]);

            Check(parsed.GetValue(id), parsed.GetValue(address));
            var folder = Folder(parsed.GetRequiredValue(name), parsed.GetValue(output));
            return RunAsync(terminal, arguments, folder, Packages(parsed.GetValue(packages)), cancellationToken);
        });
        return command;
    }

    private static string[] Languages(string list)
    {
        var given = list.Split([';', ',', '|', ' '], StringSplitOptions.RemoveEmptyEntries);
        return Array.Find(given, language => language is not ("en" or "ar")) is { } other
            ? throw CliException.Usage("usage", $"The template has no texts in '{other}': it writes en and ar.", "Add other languages to the texts in manifest.json afterwards.")
            : given;
    }

    private static Option<string?> Choice(string name, string description, params string[] choices)
    {
        var option = new Option<string?>(name) { Description = description };
        option.AcceptOnlyFromAmong(choices);
        return option;
    }

    // The template writes what it is given; a plugin that is not valid from the start would help nobody.
    private static void Check(string? id, string? address)
    {
        if (id is not null && !IdPattern().IsMatch(id))
            throw CliException.Usage("usage", $"'{id}' cannot be a provider's id.", "An id has lower-case letters and digits, with single hyphens between them, and begins with a letter: --id acme-pay");

        if (address is not null && !(Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps && uri.Query.Length == 0 && uri.Fragment.Length == 0 && uri.UserInfo.Length == 0))
            throw CliException.Usage("usage", $"'{address}' is not the address of an API.", "It begins with https:// and has neither user, query nor fragment: --base-url https://api.example.com/v1");
    }

    private static string Folder(string name, string? output)
    {
        if (string.IsNullOrWhiteSpace(name))
            throw CliException.Usage("usage", "The provider needs a name.", "hub plugin new \"Acme Pay\"");

        if (output is null && (name is "." or ".." || name.IndexOfAny([.. Path.GetInvalidFileNameChars(), '/', '\\']) >= 0))
            throw CliException.Usage("usage", $"No folder can be called '{name}'.", $"The first word is the provider's name; the folder is named with -o: hub plugin new \"{Path.GetFileName(name.TrimEnd('.'))}\" -o DIR");

        var folder = Path.GetFullPath(output ?? name);
        if (File.Exists(folder))
            throw CliException.Usage("file", $"'{folder}' is a file.", "Name another folder with -o: nothing is ever overwritten.");

        return Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any()
            ? throw CliException.Usage("file", $"The folder '{folder}' is not empty.", "Name another with -o: nothing is ever overwritten.")
            : folder;
    }

    private static async Task<int> RunAsync(Terminal terminal, List<string> arguments, string folder, string? packages, CancellationToken cancellationToken)
    {
        var dotnet = await SdkAsync(cancellationToken);

        // The templates of the user stay as they are: an installed one of the same name, of whatever version, neither disturbs this one nor is replaced by it.
        var hive = Directory.CreateTempSubdirectory("hub-new-");
        try
        {
            if (packages is not null)
            {
                string[] here = ["--debug:custom-hive", hive.FullName];
                var template = TemplateIn(packages)!;
                terminal.Note($"template from {template}");
                await MustRunAsync(dotnet, ["new", "install", template, .. here], "The template cannot be installed", "Check the file: it is made by 'dotnet build build/packages.proj' in a checkout of the hub.", cancellationToken);
                arguments.AddRange(["--packages", packages, .. here]);
            }

            await MustRunAsync(dotnet, ["new", Template, .. arguments, "--output", folder], $"dotnet new {Template} failed", packages is null ? NoPackages() : null, cancellationToken);
        }
        finally
        {
            hive.Delete(recursive: true);
        }

        var shown = FindingWriter.Short(folder);
        terminal.Say($"Made {terminal.Bold(shown)}. Its README says how to go on; at any time:");
        if (Directory.EnumerateFiles(folder, "*.csproj").Any())
            terminal.Say($"  dotnet build {Quoted(shown)}");

        terminal.Say($"  hub plugin validate {Quoted(shown)}");
        terminal.Say($"  hub plugin certify {Quoted(shown)}");
        if (terminal.Json)
            terminal.WriteJson(new JsonObject { ["ok"] = true, ["folder"] = folder });

        return CliExitCodes.Ok;
    }

    private static string Quoted(string path) => path.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or '/' or '\\' or ':') ? path : $"\"{path}\"";

    /// <summary>Where this hub's packages for authors are: <c>sdk</c> beside a published hub, <c>artifacts/packages</c> of a checkout that it was built in.</summary>
    private static string? Packages(string? given)
    {
        if (given is not null)
        {
            return TemplateIn(given) is not null
                ? Path.GetFullPath(given)
                : throw CliException.Usage("file", $"The folder '{given}' has no {TemplatePackage} package.", "--packages names the folder sdk of a published hub, or artifacts/packages of a checkout.");
        }

        IEnumerable<string> places = [Path.Combine(AppContext.BaseDirectory, "sdk"), .. Checkout() is { } checkout ? (string[])[Path.Combine(checkout, "artifacts", "packages")] : []];
        return places.FirstOrDefault(folder => TemplateIn(folder) is not null);
    }

    /// <summary>The newest template package in a folder.</summary>
    private static string? TemplateIn(string folder) =>
        !Directory.Exists(folder)
            ? null
            : Directory.EnumerateFiles(Path.GetFullPath(folder), TemplatePackage + ".*.nupkg")
                .MaxBy(file => SemanticVersion.TryParse(Path.GetFileNameWithoutExtension(file)[(TemplatePackage.Length + 1)..], out var version) ? version : new SemanticVersion(0, 0, 0));

    private static string? Checkout()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Hub.sln")))
                return folder.FullName;

        return null;
    }

    private static string NoPackages() => Checkout() is { } checkout
        ? $"The packages for plugin authors have not been built here. Once: dotnet build {Path.Combine(FindingWriter.Short(checkout), "build", "packages.proj")}"
        : $"This hub comes without its packages (the folder sdk beside the program). Install the template first: dotnet new install {TemplatePackage}";

    private static async Task<string> SdkAsync(CancellationToken cancellationToken)
    {
        const string Hint = "Get it from https://dotnet.microsoft.com/download. Without it, a plugin by manifest alone can be written by hand: see docs/manifest.md.";
        if (OwnProgram.Dotnet() is not { } dotnet)
            throw CliException.Usage("no_sdk", "This needs the .NET 10 SDK, and there is no dotnet command on this machine.", Hint);

        var sdks = await RunAsync(dotnet, ["--list-sdks"], cancellationToken);
        return sdks.Code == 0 && sdks.Said.Length > 0
            ? dotnet
            : throw CliException.Usage("no_sdk", "This needs the .NET 10 SDK, and this machine has only the runtime.", Hint);
    }

    private static async Task MustRunAsync(string dotnet, IEnumerable<string> arguments, string problem, string? hint, CancellationToken cancellationToken)
    {
        var (code, said) = await RunAsync(dotnet, arguments, cancellationToken);
        if (code != 0)
            throw CliException.Usage("template", $"{problem}: {said}", hint);
    }

    private static async Task<(int Code, string Said)> RunAsync(string program, IEnumerable<string> arguments, CancellationToken cancellationToken)
    {
        using var process = new Process
        {
            StartInfo = new ProcessStartInfo(program, arguments)
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                Environment = { ["DOTNET_NOLOGO"] = "1", ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1" },
            },
        };
        process.Start();
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var errors = process.StandardError.ReadToEndAsync(cancellationToken);
        try
        {
            await process.WaitForExitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        // What the command writes for its own developers helps nobody here.
        var lines = (await errors + "\n" + await output).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Where(line => !line.StartsWith("at ", StringComparison.Ordinal) && !line.Contains("aka.ms/templating-exit-codes", StringComparison.Ordinal))
            .Distinct();
        return (process.ExitCode, string.Join(" ", lines));
    }

    // As in the manifest's schema.
    [GeneratedRegex(@"\A[a-z][a-z0-9]*(-[a-z0-9]+)*\z")]
    private static partial Regex IdPattern();
}
