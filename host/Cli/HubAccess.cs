using System.CommandLine;

namespace IntegrationHub.Host.Cli;

/// <summary>Which hub a command talks to, and as whom: options, then environment, then what the hub on this machine uses.</summary>
internal sealed class HubAccess
{
    private const string DefaultAddress = "http://127.0.0.1:5080";

    private readonly Option<string?> hub = new("--hub") { Description = $"The hub's address. Default: HUB_URL, else {DefaultAddress}.", HelpName = "URL" };
    private readonly Option<string?> keyFile = new("--key-file") { Description = "A file with the API key; - for standard input. Default: the variable HUB_API_KEY; for a hub on this machine also HUB_ADMIN_KEY, else the file admin.key in the data folder.", HelpName = "FILE" };
    private readonly Option<string?> key = new("--key") { Description = "The API key itself. Other users of this machine may see it in the list of processes: prefer --key-file.", HelpName = "KEY" };
    private readonly Option<string?> data = new("--data") { Description = "The data folder of a hub on this machine, for its admin.key. Default: HUB_DATA, else ./data.", HelpName = "DIR" };

    /// <summary>Gives a command the options.</summary>
    public static HubAccess AddTo(Command command)
    {
        var access = new HubAccess();
        command.Options.Add(access.hub);
        command.Options.Add(access.keyFile);
        command.Options.Add(access.key);
        command.Options.Add(access.data);
        return access;
    }

    /// <exception cref="CliException">The address or the key cannot be used.</exception>
    public HubClient Open(Terminal terminal, ParseResult parsed)
    {
        var address = Address(parsed.GetValue(hub) ?? terminal.Variable("HUB_URL") ?? DefaultAddress);
        var (secret, source) = Key(terminal, parsed, address);
        if (secret.Length == 0 || secret.Any(c => c is <= ' ' or > '~'))
            throw CliException.Usage("bad_key", $"The API key from {source} is empty or has characters that no key has.", "Check that the whole key and nothing else is there.");

        terminal.Note($"hub {address.GetLeftPart(UriPartial.Authority)}, key from {source}");
        if (address.Scheme == Uri.UriSchemeHttp && !address.IsLoopback)
            terminal.Note("warning: the key travels unencrypted over http; use https for a hub on another machine.");

        return new HubClient(address, secret, source);
    }

    private static Uri Address(string text)
    {
        if (Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "http" or "https" && address.Host.Length > 0 && address.UserInfo.Length == 0)
            return new Uri(address.GetLeftPart(UriPartial.Path).TrimEnd('/') + "/");

        throw CliException.Usage("bad_address", $"'{text}' is not the address of a hub.", $"An address looks like {DefaultAddress} or https://hub.example.com.");
    }

    private (string Key, string Source) Key(Terminal terminal, ParseResult parsed, Uri address)
    {
        if (parsed.GetValue(keyFile) is { } file)
            return file == "-" ? (terminal.In.ReadToEnd().Trim(), "standard input") : (Read(file), $"the file {file}");

        if (parsed.GetValue(key) is { } given)
            return (given.Trim(), "--key");

        if (terminal.Variable("HUB_API_KEY") is { } variable)
            return (variable.Trim(), "HUB_API_KEY");

        // These belong to the hub on this machine: no other is to be shown them.
        if (address.IsLoopback)
        {
            if (terminal.Variable("HUB_ADMIN_KEY") is { } admin)
                return (admin.Trim(), "HUB_ADMIN_KEY");

            var own = Path.Combine(parsed.GetValue(data) ?? terminal.Variable("HUB_DATA") ?? "data", "admin.key");
            if (File.Exists(own))
                return (Read(own), $"the file {own}");

            throw CliException.Usage("no_key", $"There is no API key: neither --key-file nor HUB_API_KEY is given, and there is no file '{own}'.", "Name the hub's data folder with --data, or make a key with POST /api/keys and put it into HUB_API_KEY.");
        }

        throw CliException.Usage("no_key", $"There is no API key for {address.Host}.", "Put one into HUB_API_KEY, or name a file with --key-file. The admin.key of a hub on this machine is not sent to another.");
    }

    private static string Read(string file)
    {
        try
        {
            return File.ReadAllText(file).Trim();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw CliException.Usage("no_key", $"The key file '{file}' cannot be read: {fault.Message}", "It belongs to the user the hub runs as. Run the command as that user, or make a key of your own.");
        }
    }
}
