// DynamoDB Local on the loopback alone, for as long as its standard input is open.
//
// Its own main listens on every address and has no option about that; the web server in it does. The first
// argument is the port, 0 for a free one; the others are DynamoDB Local's own. Once it answers, a line says where.

import java.io.OutputStream;
import java.util.Arrays;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import software.amazon.dynamodb.services.local.main.ServerRunner;
import software.amazon.dynamodb.services.local.server.DynamoDBProxyServer;

class Loopback {
    private static final String HOST = "127.0.0.1";

    public static void main(String[] arguments) throws Exception {
        var own = Arrays.copyOfRange(arguments, 1, arguments.length);
        var local = ServerRunner.createServerFromCommandLineArgs(own);
        var server = DynamoDBProxyServer.class.getDeclaredField("server");
        server.setAccessible(true);
        var connector = (ServerConnector) ((Server) server.get(local)).getConnectors()[0];
        connector.setHost(HOST);
        connector.setPort(Integer.parseInt(arguments[0]));
        local.safeStart();
        System.out.println("listening on http://" + HOST + ":" + connector.getLocalPort());
        // Whatever ends the process that started this one also closes the pipe between the two.
        System.in.transferTo(OutputStream.nullOutputStream());
        System.exit(0);
    }
}
